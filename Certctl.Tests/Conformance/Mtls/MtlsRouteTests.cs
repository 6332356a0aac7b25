using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Domain.Audit;
using Certctl.Domain.Enrolments;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Certctl.Tests.Conformance.Mtls;

/// <summary>
/// <c>/scep-mtls</c>: a client certificate of the profile's own bundle and the challenge, both; the plain route knows nothing of it.
/// </summary>
public sealed class MtlsRouteTests(MtlsServer server) : IClassFixture<MtlsServer>
{
    private const string Missing = "Client certificate required for /scep-mtls.";
    private const string Untrusted = "Client certificate not trusted by this profile.";

    [Fact]
    [Trait("Conformance", "Z-6")]
    public async Task A_client_certificate_of_profile_A_is_refused_on_the_mTLS_route_of_profile_B()
    {
        var a = BootstrapCa.Shown(server.A.Issue("CN=device of a"));
        Assert.Equal((HttpStatusCode.Unauthorized, Untrusted), await server.AskAsync("/scep-mtls/b", a));
        Assert.Equal(HttpStatusCode.OK, (await server.AskAsync("/scep-mtls/a", a)).Status);
        Assert.Equal(
            HttpStatusCode.OK, (await server.AskAsync("/scep-mtls/b", BootstrapCa.Shown(server.B.Issue("CN=device of b")))).Status);
    }

    [Theory]
    [InlineData("?operation=GetCACaps")]
    [InlineData("?operation=GetCACert")]
    [InlineData("?operation=PKIOperation&message=MAA=")]
    [InlineData("")]
    public async Task Without_a_client_certificate_the_mTLS_route_answers_401(string query)
    {
        using var wire = server.Connect("/scep-mtls/a", client: null);
        using var get = await wire.Http.GetAsync(new Uri(wire.Server, wire.Path + query));
        using var post = await wire.PostAsync([0x30, 0x00]);
        foreach (var answer in new[] { get, post })
            Assert.Equal((HttpStatusCode.Unauthorized, Missing + "\n"), (answer.StatusCode, await answer.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task The_plain_route_is_untouched_whatever_certificate_a_client_shows_or_none()
    {
        var stranger = BootstrapCa.Shown(BootstrapCa.Root("CN=another root").Issue("CN=stray", BootstrapCa.ServerAuth, -9, -1));
        var device = ScepDevice.Shared();
        foreach (var (client, name) in new[]
        {
            (null, "none"),
            (BootstrapCa.Shown(server.A.Issue("CN=device of a")), "of-a"),
            (stranger, "stray"),
        })
        {
            using var wire = server.Connect("/scep/a", client);
            (await wire.SendAsync((await wire.RequestAsync(device.Csr($"CN=plain-{name}", MtlsServer.Challenge), device)).Build()))
                .Issued(device);
        }

        // No certificate was requested there, so none is recorded.
        var plain = (await server.EventsAsync()).Where(e => e.Subject?.StartsWith("CN=plain-", StringComparison.Ordinal) == true).ToList();
        Assert.Equal(3, plain.Count);
        Assert.All(plain, e => Assert.Null(e.ClientCertificate));
    }

    [Fact]
    [Trait("Conformance", "Z-7")]
    public async Task Certificate_and_challenge_are_both_needed_and_the_audit_event_says_who_came()
    {
        using var wire = server.Connect("/scep-mtls/a", BootstrapCa.Shown(server.A.Issue("CN=came", serial: [0x7A, 0x01, 0xFF])));
        var device = ScepDevice.Shared();
        (await wire.SendAsync((await wire.RequestAsync(device.Csr("CN=without", challenge: null), device)).Build()))
            .MustFail(FailureReason.ChallengeMissing);
        (await wire.SendAsync((await wire.RequestAsync(device.Csr("CN=wrong", "a challenge of another profile"), device)).Build()))
            .MustFail(FailureReason.ChallengeWrong);
        (await wire.SendAsync((await wire.RequestAsync(device.Csr("CN=right", MtlsServer.Challenge), device)).Build())).Issued(device);

        var events = await server.EventsAsync();
        foreach (var (subject, outcome) in new[]
        {
            ("CN=without", AuditOutcome.Refused),
            ("CN=wrong", AuditOutcome.Refused),
            ("CN=right", AuditOutcome.Issued),
        })
        {
            var told = Assert.Single(events, e => e.Subject == subject);
            Assert.Equal((outcome, "a", "CN=came #7a01ff"), (told.Outcome, told.PathId, told.ClientCertificate));
        }
    }

    [Fact]
    [Trait("Conformance", "Z-7")]
    public async Task A_refusal_at_the_gate_is_written_down_with_profile_subject_serial_number_and_reason()
    {
        await server.AskAsync("/scep-mtls/b", BootstrapCa.Shown(server.A.Issue("CN=astray", serial: [0x55, 0x66])));
        var told = Assert.Single(await server.EventsAsync(), e => e.ClientCertificate == "CN=astray #5566");
        Assert.Equal(
            ("scep-client", "scep_mtls", AuditOutcome.Refused, "client_certificate_untrusted", "b", "127.0.0.1"),
            (told.Actor, told.Action, told.Outcome, told.Reason, told.PathId, told.SourceAddress));
        Assert.Equal("it does not lead to a CA of the trust bundle", told.Detail);
        await server.Host.LoggedAsync(told.RequestId!);
    }

    [Theory]
    [InlineData("/scep-mtls/plain")]
    [InlineData("/scep-mtls/other")]
    [InlineData("/scep-mtls")]
    [InlineData("/scep-mtls/A")]
    public async Task A_profile_that_is_not_there_or_does_not_want_it_is_not_found(string path)
    {
        Assert.Equal(HttpStatusCode.NotFound, (await server.AskAsync(path, BootstrapCa.Shown(server.A.Issue("CN=lost")))).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await server.AskAsync(path, client: null)).Status);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Each_request_is_judged_for_its_own_profile_whatever_the_connection_was_let_in_to(int http)
    {
        using var wire = server.Connect("", BootstrapCa.Shown(server.A.Issue("CN=wanderer")));
        var version = new Version(http, http == 1 ? 1 : 0);
        foreach (var (path, status) in new[]
        {
            ("/scep-mtls/a", HttpStatusCode.OK),
            ("/scep-mtls/b", HttpStatusCode.Unauthorized),
            ("/scep-mtls/a", HttpStatusCode.OK),
            ("/scep/b", HttpStatusCode.OK),
        })
            Assert.Equal(status, (await MtlsServer.AskAsync(wire, path, version)).Status);
    }

    [Fact]
    public async Task A_path_over_an_intermediate_is_followed_when_the_client_sends_it()
    {
        var factory = server.A.Below("CN=factory 1");
        var device = factory.Issue("CN=of the factory");
        Assert.Equal(HttpStatusCode.OK, (await server.AskAsync("/scep-mtls/a", BootstrapCa.Shown(device, factory.Certificate))).Status);
        Assert.Equal((HttpStatusCode.Unauthorized, Untrusted), await server.AskAsync("/scep-mtls/a", BootstrapCa.Shown(device)));
    }

    [Theory]
    [InlineData(BootstrapCa.ServerAuth, -10, 10, HttpStatusCode.Unauthorized)]
    [InlineData("2.5.29.37.0", -10, 10, HttpStatusCode.Unauthorized)]
    [InlineData(null, -10, 10, HttpStatusCode.OK)]
    [InlineData(BootstrapCa.ClientAuth, -10, -1, HttpStatusCode.Unauthorized)]
    [InlineData(BootstrapCa.ClientAuth, 1, 10, HttpStatusCode.Unauthorized)]
    public async Task It_must_be_for_clients_and_valid_now(string? eku, int from, int to, HttpStatusCode status) =>
        Assert.Equal(status, (await server.AskAsync("/scep-mtls/a", BootstrapCa.Shown(server.A.Issue("CN=dated", eku, from, to)))).Status);

    [Fact]
    [Trait("Conformance", "S-R11")]
    public async Task The_octets_of_the_first_request_renew_where_the_certificate_signs_them_and_not_where_it_opens_the_connection_alone()
    {
        var device = ScepDevice.Shared();
        var csr = device.Csr("CN=renews by mTLS", MtlsServer.Challenge);
        using var plain = server.Connect("/scep/own", client: null);
        var first = (await plain.SendAsync((await plain.RequestAsync(csr, device)).Build())).Issued(device);
        var old = device.With(first);
        using var wire = server.Connect("/scep-mtls/own", BootstrapCa.Shown(first.CopyWithPrivateKey(device.Rsa)));

        List<byte[]> answers = [first.RawData];
        foreach (var type in new[] { "17", "19" })
        {
            async Task<byte[]> RenewAsync() =>
                (await wire.SendAsync((await wire.RequestAsync(csr, old))
                    .Replace(ForgedRequest.MessageTypeOid, ForgedRequest.Printable(type)).Build())).Issued(old).RawData;
            var renewed = await RenewAsync();
            Assert.DoesNotContain(answers, earlier => earlier.AsSpan().SequenceEqual(renewed));
            Assert.Equal(renewed, await RenewAsync());
            answers.Add(renewed);
        }

        // Signed by the key of the request alone, and in the clear, it is the first request again.
        Assert.Equal(first.RawData, (await wire.SendAsync((await wire.RequestAsync(csr, device)).Build())).Issued(device).RawData);
        using var clear = await wire.PostAsync(csr, contentType: null);
        Assert.Equal(HttpStatusCode.OK, clear.StatusCode);
        var bag = new System.Security.Cryptography.Pkcs.SignedCms();
        bag.Decode(await clear.Content.ReadAsByteArrayAsync());
        Assert.Contains(bag.Certificates, certificate => certificate.RawDataMemory.Span.SequenceEqual(first.RawData));
    }

    [Fact]
    public async Task Of_a_certificate_of_ours_the_journal_says_what_it_is_worth()
    {
        var (device, own) = await EnrolAsync("/scep/own", "CN=revoked later");
        Assert.Equal(HttpStatusCode.OK, (await server.AskAsync("/scep-mtls/own", own)).Status);

        // The CA is the same for all profiles, so its name in a bundle does not open the profile to the others' devices.
        var (_, other) = await EnrolAsync("/scep/plain", "CN=of another profile");
        Assert.Equal((HttpStatusCode.Unauthorized, Untrusted), await server.AskAsync("/scep-mtls/own", other));
        Assert.Contains(
            await server.EventsAsync(), e => e.Detail?.EndsWith("was issued on path \"plain\"", StringComparison.Ordinal) == true);

        Assert.Equal(1, Change("UPDATE certificates SET revoked_at = CURRENT_TIMESTAMP, revocation_reason = 'KeyCompromise' WHERE "
            + $"serial_number = '{device.SerialNumber.ToLowerInvariant().PadLeft(40, '0')}'"));
        Assert.Equal((HttpStatusCode.Unauthorized, "Client certificate has been revoked."), await server.AskAsync("/scep-mtls/own", own));
        Assert.Contains(await server.EventsAsync(), e => e.Reason == "client_certificate_revoked"
            && e.ClientCertificate!.StartsWith("CN=revoked later #", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_journal_is_asked_about_a_certificate_of_a_CA_that_has_another_name_too()
    {
        // As of the CA before a rollover, or the one after: in the journal, and not of the current CA's name.
        var shown = server.A.Issue("CN=of the CA before");
        var (row, _) = await EnrolAsync("/scep/a", "CN=stands for it");
        var serial = row.SerialNumber.ToLowerInvariant().PadLeft(40, '0');
        var shownSerial = shown.SerialNumber.ToLowerInvariant().PadLeft(40, '0');
        Assert.Equal(1, Change($"UPDATE certificates SET der = X'{Convert.ToHexString(shown.RawData)}', "
            + $"serial_number = '{shownSerial}' WHERE serial_number = '{serial}'"));
        Assert.Equal(HttpStatusCode.OK, (await server.AskAsync("/scep-mtls/a", BootstrapCa.Shown(shown))).Status);

        Assert.Equal(1, Change("UPDATE certificates SET revoked_at = CURRENT_TIMESTAMP, "
            + $"revocation_reason = 'KeyCompromise' WHERE serial_number = '{shownSerial}'"));
        Assert.Equal(
            (HttpStatusCode.Unauthorized, "Client certificate has been revoked."),
            await server.AskAsync("/scep-mtls/a", BootstrapCa.Shown(shown)));
    }

    [Fact]
    public async Task A_certificate_of_our_CA_that_the_journal_does_not_know_is_refused()
    {
        using var ca = X509Certificate2.CreateFromPemFile(server.Host.CaFile, Path.Combine(server.Host.Data, "ca.key"));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var unseen = new CertificateRequest("CN=unseen", key, HashAlgorithmName.SHA256).Create(
            ca.SubjectName, X509SignatureGenerator.CreateForRSA(ca.GetRSAPrivateKey()!, RSASignaturePadding.Pkcs1),
            DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddDays(9), [1, 2, 3]);

        var answer = await server.AskAsync("/scep-mtls/own", BootstrapCa.Shown(unseen.CopyWithPrivateKey(key)));
        Assert.Equal((HttpStatusCode.Unauthorized, "Client certificate names the issuer of this server, which does not know it."), answer);
        Assert.Contains(
            await server.EventsAsync(), e => e.Reason == "client_certificate_unknown" && e.ClientCertificate == "CN=unseen #010203");
    }

    private async Task<(X509Certificate2 Certificate, SslStreamCertificateContext Shown)> EnrolAsync(string path, string subject)
    {
        var device = ScepDevice.Shared();
        using var wire = server.Connect(path, client: null);
        var certificate =
            (await wire.SendAsync((await wire.RequestAsync(device.Csr(subject, MtlsServer.Challenge), device)).Build())).Issued(device);
        return (certificate, BootstrapCa.Shown(certificate.CopyWithPrivateKey(device.Rsa)));
    }

    private int Change(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={server.Host.DatabaseFile}");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteNonQuery();
    }
}
