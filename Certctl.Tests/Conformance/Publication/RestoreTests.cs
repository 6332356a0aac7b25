using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Certctl.Tests.Architecture;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Fixtures.Databases;
using Xunit;

namespace Certctl.Tests.Conformance.Publication;

/// <summary>A database that went back in time, restored as docs/operations.md says (ADR 41).</summary>
public sealed class RestoreTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Statement = "DELETE FROM crls";

    [Fact]
    [Trait("Conformance", "L-7")]
    public async Task After_a_restore_neither_number_nor_epoch_falls_and_what_was_lost_is_revoked_again()
    {
        if (!postgres.IsAvailable || PostgresServer.ToolFolder is not { } tools)
            return;
        Assert.Contains(Statement, SourceTree.Read("docs/operations.md"), StringComparison.Ordinal);
        await using var host = await CertctlHost.StartAsync(await postgres.CreateDatabaseAsync(migrated: true));
        using var wire = host.Connect();
        using var known = await EnrolAsync(wire, host, "revoked before the backup");
        using var lost = await EnrolAsync(wire, host, "revoked after it");
        using (var party = new RelyingParty(host))
        {
            await party.EndAsync(known.SerialNumber, "revoke", "superseded");
            await party.CrlAsync(crl => RevocationTests.Lists(crl, known));
            Run("pg_dump", "--clean", "--if-exists", "--file", host.Folder + "/backup.sql", host.DatabaseUrl);
            await party.EndAsync(lost.SerialNumber, "revoke", "keyCompromise");
            await party.CrlAsync(crl => RevocationTests.Lists(crl, lost));
        }

        var (numberBefore, epochBefore) = (Ask("max(number)", "crls"), Ask("max(epoch)", "revocation_epochs"));
        await host.StopAsync();
        Run("psql", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-f", host.Folder + "/backup.sql", host.DatabaseUrl);
        Assert.True(Ask("max(number)", "crls") < numberBefore);
        Run("psql", "-q", "-c", Statement, host.DatabaseUrl);
        await host.StartAgainAsync();

        using var after = new RelyingParty(host);
        var first = await after.CrlAsync(_ => true);
        Assert.True(RevocationTests.Number(first) > numberBefore);
        Assert.True(RevocationTests.Lists(first, known) && !RevocationTests.Lists(first, lost));
        Assert.Equal("revoked superseded", await after.StatusAsync(known));
        Assert.Equal("good", await after.StatusAsync(lost));

        await after.EndAsync(lost.SerialNumber, "revoke", "keyCompromise");
        Assert.Equal("revoked keyCompromise", await after.StatusAsync(lost));
        Assert.True(Ask("max(epoch)", "revocation_epochs") > epochBefore);
        var second = await after.CrlAsync(crl => RevocationTests.Lists(crl, lost));
        Assert.True(RevocationTests.Number(second) > RevocationTests.Number(first));

        long Ask(string what, string table) => long.Parse(
            Run("psql", "-At", "-c", $"SELECT {what} FROM {table}", host.DatabaseUrl), CultureInfo.InvariantCulture);

        string Run(string tool, params string[] arguments) =>
            ExternalTool.Run(Path.Combine(tools, tool), arguments).MustSucceed().Output.Trim();
    }

    private static async Task<X509Certificate2> EnrolAsync(ScepWire wire, CertctlHost host, string name)
    {
        var device = ScepDevice.Shared();
        return (await wire.SendAsync((await wire.RequestAsync(device.Csr($"CN={name}", host.Challenge), device)).Build())).Issued(device);
    }
}
