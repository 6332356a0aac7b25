using System.Text;
using Certctl.Domain.Audit;
using Certctl.Infrastructure.Persistence;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Certctl.Tests.Conformance.Security;

/// <summary>What the audit trail says of each outcome, how little a flood writes, and what neither trail nor log may hold.</summary>
public sealed class TrailTests : IAsyncLifetime
{
    private const string Previous = "a challenge that is on its way out";
    private const string Wrong = "a guess that is not the challenge";

    private CertctlHost? _host;
    private ScepWire? _wire;

    private CertctlHost Host => _host!;

    private ScepWire Wire => _wire!;

    public async Task InitializeAsync()
    {
        _host = await CertctlHost.StartAsync(null, ("CERTCTL_LOG_LEVEL", "debug"), ("CERTCTL_SCEP_CHALLENGE_PASSWORD_PREVIOUS", Previous));
        _wire = Host.Connect();
    }

    public async Task DisposeAsync()
    {
        _wire?.Dispose();
        await Host.DisposeAsync();
    }

    [Fact]
    [Trait("Conformance", "Z-7")]
    [Trait("Conformance", "Z-8")]
    public async Task Each_outcome_leaves_a_line_that_says_who_what_from_where_and_why()
    {
        var device = ScepDevice.Shared();
        var before = DateTimeOffset.UtcNow;
        var issued =
            (await Wire.SendAsync((await Wire.RequestAsync(device.Csr("CN=told", Host.Challenge, "told.example.com"), device)).Build()))
                .Issued(device);
        var wrong = (await Wire.SendAsync((await Wire.RequestAsync(device.Csr("CN=untrue", Wrong, "untrue.example.com"), device)).Build()))
            .MustFail("2");
        (await Wire.PostAsync([1, 2, 3])).Dispose();
        var events = await EventsAsync();

        var told = Assert.Single(events, e => e.Outcome == AuditOutcome.Issued);
        Assert.Equal(
            ("scep-client", "scep_pkcsreq", "certificate", "CN=told", "", "default"),
            (told.Actor, told.Action, told.ResourceType, told.Subject, told.PathId, told.ProfileId));
        Assert.Equal(issued.SerialNumber.ToLowerInvariant().PadLeft(40, '0'), told.SerialNumber);
        Assert.Equal(["DNS:told.example.com"], told.SubjectAltNames);
        Assert.StartsWith("CN=signer #", told.Signer, StringComparison.Ordinal);

        var refused = Assert.Single(events, e => e.Subject == "CN=untrue");
        Assert.Equal(
            (AuditOutcome.Refused, "challenge_wrong", wrong.TransactionId), (refused.Outcome, refused.Reason, refused.TransactionId));
        Assert.Equal(["DNS:untrue.example.com"], refused.SubjectAltNames);
        Assert.Null(refused.SerialNumber);

        var unreadable = Assert.Single(events, e => e.Action == "scep_message");
        Assert.Equal((AuditOutcome.Refused, "malformed_request"), (unreadable.Outcome, unreadable.Reason));
        Assert.NotEqual("", unreadable.Detail);

        // The log is written a moment after the answer.
        foreach (var e in events)
            await Host.LoggedAsync(e.RequestId!);
        Assert.All(events, e =>
        {
            Assert.Equal("127.0.0.1", e.SourceAddress);
            Assert.Equal(TimeSpan.Zero, e.Timestamp.Offset);
            Assert.InRange(e.Timestamp, before.AddSeconds(-1), DateTimeOffset.UtcNow);
        });
    }

    [Fact]
    public async Task A_flood_of_refusals_is_counted_not_listed()
    {
        var device = ScepDevice.Shared();
        var ra = await Wire.RecipientAsync();
        await Parallel.ForAsync(0, 300, async (i, _) =>
        {
            var request = new ForgedRequest
            {
                Plaintext = device.Csr($"CN=flood-{i}", Wrong),
                Recipient = ra,
                SignerKey = device.Key,
                SignerCertificate = device.Certificate,
                Certificates = [device.Certificate.RawData],
            };
            (await Wire.SendAsync(request.Build())).MustFail("2");
        });

        // What is counted is written by and by, at the latest when the server ends.
        await Host.StopAsync();
        var events = await EventsAsync();
        Assert.InRange(events.Count, 6, 20);
        Assert.Equal(300, events.Sum(e => e.Count));
        Assert.All(events, e => Assert.Equal("challenge_wrong", e.Reason));
    }

    [Fact]
    [Trait("Conformance", "S-R6")]
    [Trait("Conformance", "Z-3")]
    [Trait("Conformance", "Z-4")]
    [Trait("Conformance", "A-10")]
    public async Task No_secret_is_in_the_log_at_its_loudest_nor_in_the_database()
    {
        var device = ScepDevice.Shared();
        foreach (var challenge in new[] { Host.Challenge, Previous, Wrong, Host.Challenge })
            await Wire.SendAsync((await Wire.RequestAsync(device.Csr($"CN={Guid.NewGuid()}", challenge), device)).Build());
        await Host.SignalAsync("HUP");
        await Host.LoggedAsync("Reloaded");
        await Host.StopAsync();

        List<string> secrets = [Host.Challenge, Previous, Wrong, (await File.ReadAllTextAsync(Path.Combine(Host.Data, "api-key"))).Trim()];
        foreach (var key in Directory.GetFiles(Host.Data, "*.key"))
            secrets.AddRange((await File.ReadAllLinesAsync(key)).Where(line => line.Length == 64));
        Assert.True(secrets.Count > 10);
        var database = Directory.GetFiles(Host.Data, "certctl.db*").Select(File.ReadAllBytes).ToList();
        Assert.Contains(database, file => file.AsSpan().IndexOf("CN=signer"u8) >= 0);
        Assert.Contains("SCEP", Host.Log, StringComparison.Ordinal);
        Assert.All(secrets, secret =>
        {
            Assert.DoesNotContain(secret, Host.Log, StringComparison.Ordinal);
            Assert.All(database, file => Assert.True(
                file.AsSpan().IndexOf(Encoding.ASCII.GetBytes(secret)) < 0, "a secret stands in the database"));
        });
    }

    private async Task<List<AuditEvent>> EventsAsync()
    {
        await using var db = await Host.Database.GetRequiredService<IDbContextFactory<CertctlDbContext>>().CreateDbContextAsync();
        return await db.AuditEvents.AsNoTracking().Where(e => e.Actor != "system").OrderBy(e => e.Id).ToListAsync();
    }
}
