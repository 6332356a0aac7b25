using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Certctl.Domain.Enrolments;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Xunit;

namespace Certctl.Tests.Conformance.Security;

/// <summary>Attacks without a challenge, or with another device's envelope, key or certificate.</summary>
public sealed class StrangerTests(ScepServerFixture server) : IClassFixture<ScepServerFixture>
{
    private ScepWire Wire => server.Wire;

    [Fact]
    [Trait("Conformance", "S-M22")]
    [Trait("Conformance", "R-12")]
    public async Task A_spliced_plaintext_does_not_tell_whether_it_is_well_formed_neither_by_words_nor_at_once()
    {
        var device = ScepDevice.Shared();
        var wellFormed = device.Csr("CN=spliced", server.Challenge);

        // sha256WithRSAEncryption to md5WithRSAEncryption, in the AlgorithmIdentifier that stands before the signature;
        // that is no longer right then.
        var oid = wellFormed.AsSpan().LastIndexOf(Convert.FromHexString("2A864886F70D01010B"));
        wellFormed[oid + 8] = 0x04;
        await Wire.SendAsync((await Wire.RequestAsync([1], device)).Build());
        foreach (var plaintext in new[] { wellFormed, [.. wellFormed.Take(200)], [1, 2, 3] })
        {
            var message = (await Wire.RequestAsync(plaintext, device)).Build();
            var watch = Stopwatch.StartNew();
            (await Wire.SendAsync(message)).MustFail(FailureReason.UnreadableContent);
            Assert.True(watch.ElapsedMilliseconds >= 20, $"refused after {watch.ElapsedMilliseconds} ms");
        }
    }

    [Theory]
    [InlineData("CN=somebody", "CN=some other issuer")]
    [InlineData("CN=victim", "CN=Certctl Quickstart CA")]
    [InlineData("CN=somebody", "CN=somebody")]
    [Trait("Conformance", "S-M7")]
    [Trait("Conformance", "S-M8")]
    public async Task A_caught_envelope_signed_anew_brings_no_certificate_whatever_the_signers_certificate_says(
        string subject, string issuer)
    {
        var victim = ScepDevice.Shared();
        using var key = RSA.Create(2048);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.Create(
            new X500DistinguishedName(issuer), X509SignatureGenerator.CreateForRSA(key, RSASignaturePadding.Pkcs1),
            DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(9), [1, 2, 3, 4]);
        var thief = new ScepDevice(key, certificate);

        // Its inside is the victim's, challenge and all.
        (await Wire.SendAsync((await Wire.RequestAsync(victim.Csr("CN=victim", server.Challenge), thief)).Build()))
            .MustFail(FailureReason.SignerKeyMismatch);
        Assert.Equal(0, server.Count("SELECT COUNT(*) FROM certificates WHERE common_name = 'victim'"));
    }

    [Fact]
    public async Task With_its_challenge_a_device_may_change_its_key_under_the_signature_of_its_certificate()
    {
        var device = ScepDevice.Shared();
        var known = device.With(await server.EnrolAsync(device, "CN=new key"));
        (await Wire.SendAsync((await Wire.RequestAsync(ScepDevice.Shared(1).Csr("CN=new key", server.Challenge), known)).Build()))
            .Issued(known);

        server.Change("UPDATE certificates SET revoked_at = created_at, revocation_reason = 'KeyCompromise' WHERE common_name = 'new key'");
        (await Wire.SendAsync((await Wire.RequestAsync(ScepDevice.Shared(2).Csr("CN=new key", server.Challenge), known)).Build()))
            .MustFail(FailureReason.RenewalSignerRevoked);
    }

    [Fact]
    [Trait("Conformance", "S-S6")]
    public async Task The_octets_that_brought_a_revoked_certificate_bring_no_other()
    {
        var device = ScepDevice.Shared();
        var message = (await Wire.RequestAsync(device.Csr("CN=taken back", server.Challenge), device)).Build();
        (await Wire.SendAsync(message)).Issued(device);
        Assert.Equal(1, server.Change(
            "UPDATE certificates SET revoked_at = created_at, revocation_reason = 'KeyCompromise' WHERE common_name = 'taken back'"));
        (await Wire.SendAsync(message)).MustFail(FailureReason.CertificateRevoked);
        var poll = (await Wire.RequestAsync([0x30, 0x00], device)).Replace(ForgedRequest.MessageTypeOid, ForgedRequest.Printable("20"));
        (await Wire.SendAsync(poll.Build())).MustFail(FailureReason.CertificateRevoked);
        Assert.Equal(1, server.Count("SELECT COUNT(*) FROM certificates WHERE common_name = 'taken back'"));
    }

    [Theory]
    [InlineData("URI", "spiffe://td/Prod", "spiffe://td/prod")]
    [InlineData("email", "Ann@example.com", "ann@example.com")]
    [Trait("Conformance", "S-R12")]
    public async Task A_renewal_does_not_change_the_case_of_what_is_not_a_host_name(string kind, string before, string after)
    {
        var device = ScepDevice.Shared();
        var first = await Wire.SendAsync((await Wire.RequestAsync(Csr(before, server.Challenge), device)).Build());
        var known = device.With(first.Issued(device));
        (await Wire.SendAsync((await Wire.RequestAsync(Csr(after, null), known)).Build())).MustFail(FailureReason.RenewalNameChanged);

        byte[] Csr(string name, string? challenge) => device.Csr(
            "CN=case " + kind,
            challenge is null
                ? null
                : ForgedRequest.Der(w => w.WriteCharacterString(System.Formats.Asn1.UniversalTagNumber.UTF8String, challenge)),
            [],
            request =>
            {
                var names = new SubjectAlternativeNameBuilder();
                if (kind == "URI")
                    names.AddUri(new Uri(name));
                else
                    names.AddEmailAddress(name);
                request.CertificateExtensions.Add(names.Build());
            });
    }

    [Fact]
    [Trait("Conformance", "S-R12")]
    public async Task A_name_that_only_reads_like_another_is_another()
    {
        var device = ScepDevice.Shared();
        var known = device.With(await server.EnrolAsync(device, "CN=\"#a,CN=admin\""));
        (await Wire.SendAsync((await Wire.RequestAsync(device.Csr("CN=#a, CN=admin", (string?)null), known)).Build()))
            .MustFail(FailureReason.RenewalNameChanged);
        (await Wire.SendAsync((await Wire.RequestAsync(device.Csr("CN=admin, CN=\\#a", (string?)null), known)).Build()))
            .MustFail(FailureReason.RenewalNameChanged);
    }

    [Fact]
    public async Task Who_asks_for_the_name_of_the_CA_gets_nothing()
    {
        var device = ScepDevice.Shared();
        var ca = await Wire.CaAsync();
        (await Wire.SendAsync((await Wire.RequestAsync(device.Csr(ca.Subject, server.Challenge), device)).Build()))
            .MustFail(FailureReason.SubjectNotAllowed);
    }

    [Fact]
    [Trait("Conformance", "Z-7")]
    public async Task Who_hangs_up_is_written_down_all_the_same()
    {
        var device = ScepDevice.Shared();
        List<TcpClient> clients = [];
        for (var i = 0; i < 4; i++)
        {
            var message = (await Wire.RequestAsync(device.Csr($"CN=hung up {i}", "not the challenge here"), device)).Build();
            var client = new TcpClient();
            clients.Add(client);
            await client.ConnectAsync("localhost", Wire.Server.Port);
            var tls = new SslStream(client.GetStream());
            using var root = X509CertificateLoader.LoadCertificateFromFile(server.Server.CaFile);
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    CustomTrustStore = { root },
                    RevocationMode = X509RevocationMode.NoCheck,
                },
            });
            await tls.WriteAsync(Encoding.ASCII.GetBytes(
                $"POST /scep?operation=PKIOperation HTTP/1.1\r\nHost: localhost\r\nContent-Length: {message.Length}\r\n\r\n"));
            await tls.WriteAsync(message);
            await tls.FlushAsync();

            // The end of the connection behind the last octet, so that nothing of the request is lost with it.
            client.Client.Shutdown(SocketShutdown.Send);
        }

        for (var watch = Stopwatch.StartNew();
            server.Count("SELECT COUNT(*) FROM audit_events WHERE subject LIKE 'CN=hung up%'") < 4;
            await Task.Delay(50))
            Assert.True(watch.Elapsed < TimeSpan.FromMinutes(2), "not every refusal was written down");
        clients.ForEach(client => client.Dispose());
    }

    [Fact]
    [Trait("Conformance", "S-P14")]
    public async Task A_transactionID_cannot_write_lines_or_move_cursors_in_the_log()
    {
        var device = ScepDevice.Shared();
        foreach (var id in new[] { "x\n2026 info: FORGED LINE", "\u001b[2J", "\u009b2J" })
        {
            var request = await Wire.RequestAsync(device.Csr("CN=logged", server.Challenge), device);
            var octets = Encoding.Latin1.GetBytes(id);
            (await Wire.SendAsync(request.Replace(ForgedRequest.TransactionIdOid, [0x13, (byte)octets.Length, .. octets]).Build()))
                .MustFail(FailureReason.MalformedRequest);
        }

        await server.Server.LoggedAsync("\\x9B2J");
        Assert.DoesNotContain(server.Server.Log, c => c is '\u001b' or '\u009b');
        Assert.Equal(0, server.Count("SELECT COUNT(*) FROM audit_events WHERE transaction_id LIKE '%' || char(10) || '%'"));
    }
}

/// <summary>An RA certificate that ends while the server runs.</summary>
public sealed class ExpiringRaTests
{
    [Fact]
    [Trait("Conformance", "S-F7")]
    public async Task When_the_last_RA_has_expired_readiness_says_so_and_a_reload_mends_it()
    {
        await using var host = await CertctlHost.PrepareAsync(null);
        using var key = RSA.Create(2048);
        (host.Settings["CERTCTL_SCEP_RA_CERT_PATH"], host.Settings["CERTCTL_SCEP_RA_KEY_PATH"]) = TestRa.Paths(host, "brief");
        TestRa.Write(host, "brief", key, TimeSpan.FromSeconds(12));
        await host.StartAgainAsync();
        using var wire = host.Connect();
        var caps = new Uri(host.Url, "/scep?operation=GetCACert");

        var status = HttpStatusCode.OK;
        for (var watch = Stopwatch.StartNew(); status == HttpStatusCode.OK
            && watch.Elapsed < TimeSpan.FromSeconds(40); await Task.Delay(200))
            status = (await wire.Http.GetAsync(caps)).StatusCode;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        using (var ready = await wire.Http.GetAsync(new Uri(host.Url, "/ready")))
            Assert.Equal(
                (HttpStatusCode.ServiceUnavailable, """{"status":"ra_expired"}"""),
                (ready.StatusCode, await ready.Content.ReadAsStringAsync()));

        TestRa.Write(host, "brief", key, TimeSpan.FromDays(90));
        await host.SignalAsync("HUP");
        await host.LoggedAsync("Reloaded");
        Assert.Equal(HttpStatusCode.OK, (await wire.Http.GetAsync(caps)).StatusCode);
        await wire.ReadyAsync();
    }
}
