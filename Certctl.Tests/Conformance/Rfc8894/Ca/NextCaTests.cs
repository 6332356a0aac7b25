using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.ScepClient;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Xunit;

namespace Certctl.Tests.Conformance.Rfc8894.Ca;

/// <summary>RFC 8894 §4.7 and §5.1: a CA that follows is announced, and already issues to who asks its RA.</summary>
public sealed class NextCaTests(StagedCa server) : IClassFixture<StagedCa>
{
    private ScepWire Wire => server.Wire;

    [Fact]
    [Trait("Conformance", "S-N1")]
    [Trait("Conformance", "S-N2")]
    [Trait("Conformance", "S-N3")]
    public async Task The_next_CA_and_its_RA_are_handed_out_under_a_signature_that_openssl_traces_to_the_current_CA()
    {
        var capabilities = await Wire.Http.GetStringAsync(new Uri(Wire.Server, "/scep?operation=GetCACaps"));
        Assert.Contains("GetNextCACert", capabilities.Split('\n'));
        using var answer = await Wire.Http.GetAsync(new Uri(Wire.Server, "/scep?operation=GetNextCACert"));
        Assert.Equal("application/x-x509-next-ca-cert", answer.Content.Headers.ContentType?.ToString());

        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["next.der"], await answer.Content.ReadAsByteArrayAsync());
        Fixtures.OpenSsl.Run(
            "cms", "-verify", "-binary", "-inform", "DER", "-in", folder["next.der"], "-CAfile", server.Host.CaFile, "-out",
            folder["content.der"]);
        Assert.NotEqual(
            0,
            Fixtures.OpenSsl.TryRun(
                "cms", "-verify", "-binary", "-inform", "DER", "-in", folder["next.der"], "-CAfile", server.NextCaFile).Code);

        var bag = new SignedCms();
        bag.Decode(File.ReadAllBytes(folder["content.der"]));
        Assert.Empty(bag.SignerInfos);
        Assert.Equal([server.NextRa.RawData, server.NextCa.RawData], bag.Certificates.Select(certificate => certificate.RawData));
        Assert.DoesNotContain(server.NextCa.Thumbprint, (await Wire.CaCertificatesAsync()).Select(certificate => certificate.Thumbprint));
    }

    [Fact]
    [Trait("Conformance", "S-N4")]
    [Trait("Conformance", "S-N5")]
    public async Task The_recipient_of_a_request_chooses_the_CA_and_its_RA_answers()
    {
        var device = ScepDevice.Shared(0);
        var request = await Wire.RequestAsync(device.Csr("CN=early", server.Host.Challenge), device);
        request.Recipient = server.NextRa;
        var reply = await Wire.SendAsync(request.Build());
        var early = reply.Issued(device);
        Assert.Equal(server.NextRa.RawData, reply.Signer.RawData);
        Assert.Equal("CN=Next CA", early.Issuer);
        Assert.True(early.NotBefore >= server.NextCa.NotBefore);
        Assert.Contains(": OK", Verify(early, server.NextCaFile), StringComparison.Ordinal);

        // A refusal comes from there too.
        var wrong = await Wire.RequestAsync(device.Csr("CN=wrong", "not the challenge"), device);
        wrong.Recipient = server.NextRa;
        Assert.Equal(server.NextRa.RawData, (await Wire.SendAsync(wrong.Build())).MustFail(FailureReason.ChallengeWrong).Signer.RawData);

        var today = (await Wire.SendAsync((await Wire.RequestAsync(device.Csr("CN=today", server.Host.Challenge), device)).Build()))
            .Issued(device);
        Assert.NotEqual("CN=Next CA", today.Issuer);
        Assert.Contains(": OK", Verify(today, server.Host.CaFile), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Conformance", "S-N4")]
    public async Task A_certificate_of_the_current_CA_renews_at_the_next_one_and_back()
    {
        var device = ScepDevice.Shared(1);
        var today = device.With(
            (await Wire.SendAsync((await Wire.RequestAsync(device.Csr("CN=rolls over", server.Host.Challenge), device)).Build()))
                .Issued(device));
        var onward = await Wire.RequestAsync(today.Csr("CN=rolls over", (string?)null), today);
        onward.Recipient = server.NextRa;
        var early = device.With((await Wire.SendAsync(Typed(onward, "17"))).Issued(today));
        Assert.Equal("CN=Next CA", early.Certificate.Issuer);

        var back = await Wire.RequestAsync(early.Csr("CN=rolls over", (string?)null), early);
        Assert.Equal(today.Certificate.Issuer, (await Wire.SendAsync(Typed(back, "17"))).Issued(early).Issuer);
    }

    [Fact]
    [Trait("Conformance", "S-N4")]
    [Trait("Conformance", "S-R11")]
    public async Task One_request_octet_for_octet_is_another_one_at_each_CA_and_by_each_certificate()
    {
        var device = ScepDevice.Shared(1);
        var csr = device.Csr("CN=one request at two CAs", server.Host.Challenge);
        async Task<byte[]> SendAsync(ScepDevice signer, string type, bool toNext)
        {
            var request = await Wire.RequestAsync(csr, signer);
            if (toNext)
                request.Recipient = server.NextRa;
            return (await Wire.SendAsync(Typed(request, type))).Issued(signer).RawData;
        }

        var first = await SendAsync(device, "19", toNext: false);
        var today = device.With(X509CertificateLoader.LoadCertificate(first));
        List<byte[]> answers = [first];
        foreach (var (signer, type, toNext) in new[]
        {
            (device, "19", true),
            (today, "17", false),
            (today, "17", true),
            (today, "19", false),
            (today, "19", true),
        })
        {
            var answer = await SendAsync(signer, type, toNext);
            Assert.Equal(toNext, X509CertificateLoader.LoadCertificate(answer).Issuer == "CN=Next CA");
            Assert.DoesNotContain(answers, earlier => earlier.AsSpan().SequenceEqual(answer));
            Assert.Equal(answer, await SendAsync(signer, type, toNext));
            answers.Add(answer);
        }

        // The next CA's certificate renews there, and what it signs is no repetition of what brought it.
        var early = device.With(X509CertificateLoader.LoadCertificate(answers[3]));
        var onward = await SendAsync(early, "17", toNext: true);
        Assert.DoesNotContain(answers, earlier => earlier.AsSpan().SequenceEqual(onward));
        Assert.Equal(first, await SendAsync(device, "19", toNext: false));
    }

    [Fact]
    [Trait("Conformance", "S-R18")]
    [Trait("Conformance", "S-R20")]
    public async Task Queries_know_the_two_CAs_apart()
    {
        var device = ScepDevice.Shared(2);
        var request = await Wire.RequestAsync(device.Csr("CN=asked at the next", server.Host.Challenge), device);
        request.Recipient = server.NextRa;
        var early = (await Wire.SendAsync(request.Build())).Issued(device);
        var current = await Wire.CaAsync();

        // Whichever RA is asked.
        Assert.Equal(
            early.RawData,
            (await Wire.SendAsync(Typed(await Wire.RequestAsync(ForgedRequest.IssuerAndSerial(early), device), "21")))
                .Issued(device).RawData);
        (await Wire.SendAsync(Typed(await Wire.RequestAsync(ForgedRequest.IssuerAndSerial(early, current.SubjectName), device), "21")))
            .MustFail(FailureReason.CertificateUnknown);

        using var folder = new TemporaryFolder();
        foreach (var (issuer, file) in new[] { (server.NextCa, server.NextCaFile), (current, server.Host.CaFile) })
        {
            var query = await Wire.RequestAsync(ForgedRequest.IssuerAndSerial(issuer), device);
            File.WriteAllBytes(folder["crl"], (await Wire.SendAsync(Typed(query, "22"))).Crl(device));
            Assert.Contains(
                "verify OK",
                Fixtures.OpenSsl.Run("crl", "-inform", "DER", "-in", folder["crl"], "-CAfile", file, "-noout"),
                StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_probe_shows_what_comes()
    {
        using var transport = new ScepTransport(
            new Uri(Wire.Server, "/scep"), new TlsTrust.Roots([X509CertificateLoader.LoadCertificateFromFile(server.Host.CaFile)]));
        var report = await ScepProbe.RunAsync(transport, TimeProvider.System, default);
        Assert.True(report.Usable);
        Assert.Empty(report.Warnings);
        Assert.Equal(["CN=RA of the next CA", "CN=Next CA"], report.NextCertificates.Select(certificate => certificate.Subject));
    }

    private static byte[] Typed(ForgedRequest request, string messageType) =>
        request.Replace(ForgedRequest.MessageTypeOid, ForgedRequest.Printable(messageType)).Build();

    private static string Verify(X509Certificate2 certificate, string caFile)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["leaf"], certificate.ExportCertificatePem());
        return Fixtures.OpenSsl.Run("verify", "-x509_strict", "-CAfile", caFile, folder["leaf"]);
    }
}

/// <summary>A quickstart server beside whose CA another one is staged, with an RA of its own.</summary>
public sealed class StagedCa : IAsyncLifetime
{
    private CertctlHost? _host;

    internal CertctlHost Host => _host!;

    internal ScepWire Wire { get; private set; } = null!;

    internal X509Certificate2 NextCa { get; private set; } = null!;

    internal X509Certificate2 NextRa { get; private set; } = null!;

    internal string NextCaFile => TestRa.Paths(Host, "next-ca").Cert;

    public async Task InitializeAsync()
    {
        _host = await CertctlHost.PrepareAsync(null);
        using var caKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var raKey = RSA.Create(2048);
        NextCa = Ca(caKey);
        NextRa = Ra(raKey, caKey);
        TestRa.Write(Host, "next-ca", NextCa, caKey);
        TestRa.Write(Host, "next-ra", NextRa, raKey);
        (Host.Settings["CERTCTL_CA_NEXT_CERT_PATH"], Host.Settings["CERTCTL_CA_NEXT_KEY_PATH"]) = TestRa.Paths(Host, "next-ca");
        (Host.Settings["CERTCTL_SCEP_NEXT_RA_CERT_PATH"], Host.Settings["CERTCTL_SCEP_NEXT_RA_KEY_PATH"]) = TestRa.Paths(Host, "next-ra");
        await Host.StartAgainAsync();
        Wire = Host.Connect();
    }

    public async Task DisposeAsync()
    {
        Wire.Dispose();
        await Host.DisposeAsync();
    }

    private static X509Certificate2 Ca(ECDsa key)
    {
        var request = new CertificateRequest("CN=Next CA", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));

        // Younger than the back-dating of a certificate.
        return X509CertificateLoader.LoadCertificate(
            request.CreateSelfSigned(DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddYears(10)).RawData);
    }

    private X509Certificate2 Ra(RSA key, ECDsa caKey)
    {
        var request = new CertificateRequest("CN=RA of the next CA", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment, critical: true));
        request.CertificateExtensions.Add(
            X509AuthorityKeyIdentifierExtension.CreateFromCertificate(NextCa, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        return request.Create(
            NextCa.SubjectName, X509SignatureGenerator.CreateForECDsa(caKey), NextCa.NotBefore, NextCa.NotAfter.AddYears(-1),
            RandomNumberGenerator.GetBytes(8));
    }
}
