using System.Diagnostics;
using System.Formats.Asn1;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Certctl.Application.Challenges.SignedToken;
using Certctl.Application.Enrolments;
using Certctl.Domain.Audit;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Persistence;
using Certctl.Tests.Api.Hosting;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Certctl.Tests.Conformance.Intune;

/// <summary>
/// Signed challenges through the real executable: what is issued, what each gate alone refuses, and what stands in the trail.
/// </summary>
public sealed class SignedChallengeTests(SignedChallengeServer server) : IClassFixture<SignedChallengeServer>
{
    /// <summary>Each spoils one thing.</summary>
    private static readonly Dictionary<string, (FailureReason Reason, Func<SignedChallengeServer, string, string> Token)> Gates = new()
    {
        ["no JSON"] = (FailureReason.IntuneMalformed, (s, _) => s.Connector.Sign(new string('x', 200))),
        ["padded"] = (FailureReason.IntuneMalformed, (s, device) => s.Token(device) + "="),
        ["duplicate claim"] = (
            FailureReason.IntuneMalformed, (s, device) => s.Connector.Sign(
                Claims(device).ToJsonString().Replace("{", "{\"sub\":\"another device\",", StringComparison.Ordinal))),
        ["crit"] = (
            FailureReason.IntuneMalformed,
            (s, device) => s.Connector.Sign(Claims(device).ToJsonString(), """{"alg":"ES256","crit":["exp"],"exp":1}""")),
        ["no nonce"] = (FailureReason.IntuneMalformed, (s, device) => s.Token(device, claims => claims.Remove("nonce"))),
        ["no subject"] = (FailureReason.IntuneMalformed, (s, device) => s.Token(device, claims => claims.Remove("sub"))),
        ["no issuer"] = (FailureReason.IntuneMalformed, (s, device) => s.Token(device, claims => claims.Remove("iss"))),
        ["no iat"] = (FailureReason.IntuneMalformed, (s, device) => s.Token(device, claims => claims.Remove("iat"))),
        ["no exp"] = (FailureReason.IntuneMalformed, (s, device) => s.Token(device, claims => claims.Remove("exp"))),
        ["another connector"] =
            (FailureReason.IntuneSignatureInvalid, (s, device) => TestConnector.Ec().Sign(Claims(device).ToJsonString())),
        ["an expired anchor"] = (FailureReason.IntuneSignatureInvalid, (s, device) => s.Expired.Sign(Claims(device).ToJsonString())),
        ["none"] = (
            FailureReason.IntuneSignatureInvalid, (s, device) => s.Connector.Sign(Claims(device).ToJsonString(), """{"alg":"none"}""")),
        ["HS256"] = (
            FailureReason.IntuneSignatureInvalid, (s, device) => s.Connector.Sign(Claims(device).ToJsonString(), """{"alg":"HS256"}""")),
        ["RS256 by an EC key"] =
            (FailureReason.IntuneSignatureInvalid, (s, device) => s.Connector.Sign(Claims(device).ToJsonString(), """{"alg":"RS256"}""")),
        ["v2"] = (FailureReason.IntuneUnknownVersion, (s, device) => s.Token(device, claims => claims["version"] = "v2")),
        ["of the future"] =
            (FailureReason.IntuneNotYetValid, (s, device) => s.Token(device, claims => claims["iat"] = Seconds(20), exp: 40)),
        ["over"] = (FailureReason.IntuneExpired, (s, device) => s.Token(device, claims => claims["iat"] = Seconds(-30), exp: -5)),
        ["too old"] = (FailureReason.IntuneExpired, (s, device) => s.Token(device, claims => claims["iat"] = Seconds(-61), exp: 30)),
        ["another audience"] =
            (FailureReason.IntuneWrongAudience, (s, device) => s.Token(device, claims => claims["aud"] = "https://another.example")),
        ["no audience"] = (FailureReason.IntuneWrongAudience, (s, device) => s.Token(device, claims => claims.Remove("aud"))),
        ["another device"] = (FailureReason.IntuneClaimMismatch, (s, _) => s.Token("another device")),
        ["a name too few"] =
            (FailureReason.IntuneClaimMismatch, (s, device) => s.Token(device, claims => claims["san_dns"] = new JsonArray("a.example"))),
    };

    public static TheoryData<string> GateNames => [.. Gates.Keys];

    [Theory]
    [InlineData("EC")]
    [InlineData("RSA")]
    [Trait("Conformance", "J-2")]
    public async Task A_device_that_a_connector_vouched_for_gets_its_certificate_and_the_trail_says_who_it_is(string kind)
    {
        var name = $"good {kind}";
        var connector = kind == "RSA" ? server.Rsa : server.Connector;
        var token = connector.For(name, claims =>
        {
            claims["aud"] = SignedChallengeServer.Audience;
            claims["san_dns"] = new JsonArray("a.example", "B.example");
        });
        var device = ScepDevice.Shared();
        var certificate = (await server.SendAsync(token, name, device, "b.example", "a.example")).Issued(device);

        Assert.Equal($"CN={name}", certificate.Subject);
        var serial = certificate.SerialNumber.ToLowerInvariant().PadLeft(40, '0');
        var audit = await server.EventAsync(e => e.SerialNumber == serial);
        Assert.Equal(
            (AuditAction.ScepPkcsReqIntune, AuditOutcome.Issued, name, $"id of {name}", TestConnector.Issuer, TestConnector.Sha256(token)),
            (audit.Action, audit.Outcome, audit.DeviceName, audit.ClaimSubject, audit.ClaimIssuer, audit.TokenSha256));

        // A lost reply: the same certificate. Another CSR: a replay.
        Assert.Equal(certificate.RawData, (await server.SendAsync(token, name, device, "b.example", "a.example")).Issued(device).RawData);
        (await server.SendAsync(token, name, ScepDevice.Shared(1), "b.example", "a.example")).MustFail(FailureReason.ChallengeReplayed);
        var replay = await server.EventAsync(e => e.TokenSha256 == audit.TokenSha256 && e.Outcome == AuditOutcome.Refused);
        Assert.Equal((AuditAction.ScepPkcsReqIntune, "replay", name), (replay.Action, replay.Reason, replay.DeviceName));
    }

    [Theory]
    [InlineData(UniversalTagNumber.UTF8String)]
    [InlineData(UniversalTagNumber.IA5String)]
    [InlineData(UniversalTagNumber.BMPString)]
    [Trait("Conformance", "J-12")]
    public async Task It_comes_in_any_string_type_that_can_hold_it(UniversalTagNumber type)
    {
        var (name, device) = ($"in {type}", ScepDevice.Shared());
        var csr = device.Csr($"CN={name}", ForgedRequest.Der(w => w.WriteCharacterString(type, server.Token(name))), []);
        using var wire = server.Host.Connect();
        (await wire.SendAsync((await wire.RequestAsync(csr, device)).Build())).Issued(device);
    }

    [Theory]
    [MemberData(nameof(GateNames))]
    [Trait("Conformance", "J-1")]
    [Trait("Conformance", "J-2")]
    [Trait("Conformance", "J-3")]
    [Trait("Conformance", "J-6")]
    [Trait("Conformance", "J-7")]
    [Trait("Conformance", "J-13")]
    public async Task Each_gate_alone_refuses_with_its_label_failInfo_and_line_in_the_trail(string gate)
    {
        var (reason, make) = Gates[gate];
        var name = $"refused: {gate}";
        var token = make(server, name);
        (await server.SendFromElsewhereAsync(token, name, ScepDevice.Shared())).MustFail(reason);

        var audit = await server.EventAsync(e => e.Subject == $"CN={name}");
        var verified = reason is not (FailureReason.IntuneMalformed
            or FailureReason.IntuneSignatureInvalid or FailureReason.IntuneUnknownVersion);
        Assert.Equal(
            (AuditAction.ScepPkcsReqIntune, AuditOutcome.Refused, FailureTable.Of(reason).Label),
            (audit.Action, audit.Outcome, audit.Reason));
        Assert.Equal(TestConnector.Sha256(token), audit.TokenSha256);
        Assert.Equal(verified, audit.ClaimSubject is not null);
        Assert.DoesNotContain(token, server.Host.Log, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Conformance", "J-7")]
    [Trait("Conformance", "A-31")]
    public async Task A_name_that_the_challenge_does_not_list_is_refused()
    {
        var device = ScepDevice.Shared();
        (await server.SendAsync(server.Token("one more"), "one more", device, "stowaway.example"))
            .MustFail(FailureReason.IntuneClaimMismatch);
    }

    [Fact]
    public async Task A_signed_challenge_that_fails_is_not_compared_with_the_secret_even_where_they_are_equal()
    {
        (await server.SendAsync(SignedChallengeServer.Secret, "both", ScepDevice.Shared())).MustFail(FailureReason.IntuneMalformed);
    }

    [Fact]
    public async Task A_RenewalReq_may_bring_one_and_stands_in_the_trail_as_such()
    {
        var device = ScepDevice.Shared();
        var old = device.With((await server.SendAsync(server.Token("renewing"), "renewing", device)).Issued(device));
        (await server.RenewAsync(server.Token("renewing", claims => claims["aud"] = "elsewhere"), "renewing", old))
            .MustFail(FailureReason.IntuneWrongAudience);
        var renewed = (await server.RenewAsync(server.Token("renewing"), "renewing", old)).Issued(old);
        var serial = renewed.SerialNumber.ToLowerInvariant().PadLeft(40, '0');
        Assert.Equal(AuditAction.ScepRenewalReqIntune, (await server.EventAsync(e => e.SerialNumber == serial)).Action);
    }

    [Fact]
    public async Task The_counts_of_the_trail_are_those_of_the_labels()
    {
        await using var host = await CertctlHost.StartAsync(null, IntuneServers.Settings(server.AnchorFile));
        using var wire = host.Connect();
        var device = ScepDevice.Shared();
        (await wire.SendAsync((await wire.RequestAsync(device.Csr("CN=counted", server.Connector.For("counted")), device)).Build()))
            .Issued(device);
        for (var i = 0; i < 8; i++)
            (await wire.SendAsync((await wire.RequestAsync(device.Csr("CN=counted", server.Connector.For("not me")), device)).Build()))
                .MustFail(FailureReason.IntuneClaimMismatch);

        // What was counted instead of listed is written when the server ends.
        await host.StopAsync();
        var run = await CommandLine.RunAsync(
            new Dictionary<string, string> { ["CERTCTL_DATABASE_URL"] = host.DatabaseUrl }, ["intune", "stats", "--json"]);
        Assert.True(run.ExitCode == 0, run.Error);
        var profile = Assert.Single(JsonDocument.Parse(run.Output).RootElement.GetProperty("profiles").EnumerateArray());
        Assert.Equal("", profile.GetProperty("path_id").GetString());
        var counters = profile.GetProperty("counters");
        Assert.Equal(IntuneCounters.Labels, counters.EnumerateObject().Select(counter => counter.Name));
        Assert.Equal(
            [("success", 1), ("claim_mismatch", 8)],
            counters.EnumerateObject().Select(counter => (counter.Name, Count: counter.Value.GetInt32()))
                .Where(counter => counter.Count > 0));
    }

    private static JsonObject Claims(string device)
    {
        var claims = TestConnector.Claims(device);
        claims["aud"] = SignedChallengeServer.Audience;
        return claims;
    }

    private static long Seconds(double minutes) => DateTimeOffset.UtcNow.AddMinutes(minutes).ToUnixTimeSeconds();
}

/// <summary>One quickstart server on SQLite that believes two connectors and one that has ended.</summary>
public sealed class SignedChallengeServer : IAsyncLifetime, IDisposable
{
    internal const string Audience = "https://certctl.example/scep";

    /// <summary>A secret that looks like a signed challenge.</summary>
    internal static readonly string Secret = $"{new string('a', 80)}.{new string('b', 80)}.{new string('c', 80)}";

    private readonly TemporaryFolder _folder = new();
    private CertctlHost? _host;
    private ScepWire? _wire;
    private int _addresses;

    internal CertctlHost Host => _host!;

    internal string AnchorFile => _folder["connectors.pem"];

    internal TestConnector Connector { get; } = TestConnector.Ec();

    internal TestConnector Rsa { get; } = TestConnector.Rsa();

    internal TestConnector Expired { get; } = TestConnector.Ec(-30, -1);

    public async Task InitializeAsync()
    {
        await File.WriteAllTextAsync(AnchorFile, Connector.Pem + Rsa.Pem + Expired.Pem);
        _host = await CertctlHost.StartAsync(
            null,
            [
                .. IntuneServers.Settings(AnchorFile),
                ("CERTCTL_SCEP_INTUNE_AUDIENCE", Audience),
                ("CERTCTL_SCEP_CHALLENGE_PASSWORD", Secret),
                ("CERTCTL_LOG_LEVEL", "debug"),
            ]);
        _wire = _host.Connect();
    }

    public async Task DisposeAsync()
    {
        _wire?.Dispose();
        await Host.DisposeAsync();
    }

    public void Dispose() => _folder.Dispose();

    /// <param name="exp">In minutes from now.</param>
    internal string Token(string device, Action<JsonObject>? change = null, double exp = 30) => Connector.For(device, claims =>
    {
        claims["aud"] = Audience;
        claims["exp"] = DateTimeOffset.UtcNow.AddMinutes(exp).ToUnixTimeSeconds();
        change?.Invoke(claims);
    });

    internal Task<CertRepReading> SendAsync(string challenge, string commonName, ScepDevice device, params string[] dnsNames) =>
        SendAsync(_wire!, challenge, commonName, device, "19", dnsNames);

    internal Task<CertRepReading> RenewAsync(string challenge, string commonName, ScepDevice device) =>
        SendAsync(_wire!, challenge, commonName, device, "17", []);

    /// <summary>From an address of its own: equal refusals of one address are counted, not listed.</summary>
    internal async Task<CertRepReading> SendFromElsewhereAsync(string challenge, string commonName, ScepDevice device)
    {
        using var wire = new ScepWire(Host.Url, Host.CaFile, from: new IPAddress([127, 0, 1, (byte)Interlocked.Increment(ref _addresses)]));
        return await SendAsync(wire, challenge, commonName, device, "19", []);
    }

    /// <summary>The line of the trail, which is written a moment later.</summary>
    internal async Task<AuditEvent> EventAsync(System.Linq.Expressions.Expression<Func<AuditEvent, bool>> which)
    {
        for (var watch = Stopwatch.StartNew(); ; await Task.Delay(20))
        {
            await using var db = await Host.Database.GetRequiredService<IDbContextFactory<CertctlDbContext>>().CreateDbContextAsync();
            if (await db.AuditEvents.AsNoTracking().Where(which).FirstOrDefaultAsync() is { } found)
                return found;
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), "it was not written down");
        }
    }

    private static async Task<CertRepReading> SendAsync(
        ScepWire wire, string challenge, string commonName, ScepDevice device, string messageType, string[] dnsNames) =>
        await wire.SendAsync((await wire.RequestAsync(device.Csr($"CN={commonName}", challenge, dnsNames), device))
            .Replace(ForgedRequest.MessageTypeOid, ForgedRequest.Printable(messageType)).Build());
}
