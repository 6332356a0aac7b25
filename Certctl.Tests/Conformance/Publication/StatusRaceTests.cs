using Certctl.Tests.Fixtures;
using Certctl.Tests.Fixtures.Databases;
using Xunit;

namespace Certctl.Tests.Conformance.Publication;

/// <summary>Two processes on one database: what one of them has revoked the other one never calls good again.</summary>
public sealed class StatusRaceTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const int Certificates = 10;

    private static readonly int Rounds = int.Parse(
        Environment.GetEnvironmentVariable("CERTCTL_TEST_RACE_ROUNDS") ?? "60", System.Globalization.CultureInfo.InvariantCulture);

    [Fact]
    [Trait("Conformance", "O-25")]
    public async Task No_answer_is_good_once_a_revocation_was_acknowledged_also_where_the_other_process_stood_still()
    {
        if (!postgres.IsAvailable)
            return;
        await using var first = await CertctlHost.StartAsync(
            await postgres.CreateDatabaseAsync(migrated: true), ("CERTCTL_OCSP_RATE_LIMIT_PER_IP_MIN", "0"),
            ("CERTCTL_RATE_LIMIT_ENABLED", "false"));
        await using var second = await CertctlHost.StartBesideAsync(first);
        using var here = new RelyingParty(first);
        using var there = new RelyingParty(second);
        using var wire = first.Connect();
        var device = ScepDevice.Shared();
        var requests = new List<(string Serial, byte[] Ocsp)>();
        for (var i = 0; i < Certificates; i++)
        {
            var message = (await wire.RequestAsync(device.Csr($"CN=raced {i}", first.Challenge), device)).Build();
            using var leaf = (await wire.SendAsync(message)).Issued(device);
            requests.Add((leaf.SerialNumber, here.Request(leaf)));
        }

        for (var round = 0; round < Rounds; round++)
        {
            var (serial, ocsp) = requests[round % Certificates];
            Assert.False(await IsRevokedAsync(there, ocsp));

            // Questions before, during and after the revocation; in some rounds the process that answers is stopped meanwhile.
            var stops = round % 10 == 0;
            var during = Enumerable.Range(0, 4).Select(_ => there.AskAsync(ocsp)).ToList();
            if (stops)
                await second.SignalAsync("STOP");
            await here.EndAsync(serial, "revoke", "certificateHold");
            var after = Enumerable.Range(0, 4).Select(_ => IsRevokedAsync(there, ocsp)).ToList();
            if (stops)
                await second.SignalAsync("CONT");
            foreach (var isRevoked in await Task.WhenAll(after))
                Assert.True(isRevoked, $"round {round}: good after the revocation");
            await Task.WhenAll(during);
            Assert.True(await IsRevokedAsync(here, ocsp));
            await here.EndAsync(serial, "release");
        }
    }

    [Fact]
    [Trait("Conformance", "L-7")]
    public async Task When_the_process_that_makes_the_CRLs_dies_the_other_one_goes_on_with_greater_numbers()
    {
        if (!postgres.IsAvailable)
            return;
        await using var first = await CertctlHost.StartAsync(await postgres.CreateDatabaseAsync(migrated: true));
        using var here = new RelyingParty(first);
        var before = RevocationTests.Number(await here.CrlAsync(_ => true));
        await using var second = await CertctlHost.StartBesideAsync(first);
        using var there = new RelyingParty(second);
        Assert.Equal(before, RevocationTests.Number(await there.CrlAsync(_ => true)));

        using var wire = first.Connect();
        var device = ScepDevice.Shared();
        using var leaf = (await wire.SendAsync(
            (await wire.RequestAsync(device.Csr("CN=outlives the server", first.Challenge), device)).Build())).Issued(device);
        await here.EndAsync(leaf.SerialNumber, "revoke", "keyCompromise");
        await first.KillAsync();
        var text = await there.CrlAsync(crl => RevocationTests.Lists(crl, leaf));
        Assert.True(RevocationTests.Number(text) > before);
    }

    // A process that stood still may say tryLater: then it is asked again, as a relying party does.
    private static async Task<bool> IsRevokedAsync(RelyingParty party, byte[] request)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(4));
        while (true)
        {
            var answer = await party.AskAsync(request);
            if (!answer.AsSpan().SequenceEqual((ReadOnlySpan<byte>)[0x30, 0x03, 0x0A, 0x01, 0x03]))
                return SaysRevoked(answer);
            await Task.Delay(50, patience.Token);
        }
    }

    // SingleResponse.certStatus: good is [0] NULL (80 00), revoked is [1] (A1 …). The CertID before it ends with the serial number, 20
    // octets at most, so neither can be found by chance in front of thisUpdate (18 0F).
    private static bool SaysRevoked(byte[] answer)
    {
        var good = answer.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x80, 0x00, 0x18, 0x0F]) >= 0;
        var revoked = answer.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xA1, 0x16, 0x18, 0x0F]) >= 0;
        Assert.True(good != revoked, Convert.ToHexString(answer));
        return revoked;
    }
}
