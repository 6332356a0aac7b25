using Certctl.Tests.Conformance.Publication;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Interop.RelyingPrograms;

/// <summary>
/// openssl, curl and GnuTLS fetch for themselves, over plain HTTP and from the URLs in the certificate, and agree at each step of its life.
/// </summary>
public sealed class StatusOnTheCommandLineTests(PublishingServer server) : IClassFixture<PublishingServer>, IDisposable
{
    private const string OcspTool = "/usr/bin/ocsptool";
    private const string CertTool = "/usr/bin/certtool";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Responder => server.Plain + "/.well-known/pki/ocsp/iss-local";

    [Fact]
    [Trait("Conformance", "O-1")]
    [Trait("Conformance", "O-2")]
    [Trait("Conformance", "O-8")]
    [Trait("Conformance", "L-14")]
    [Trait("Conformance", "H-1")]
    public async Task All_agree_on_good_held_released_and_revoked()
    {
        if (!ExternalTool.AllPresent(OcspTool, CertTool, "/usr/bin/curl"))
            return;
        var leaf = await server.EnrolAsync("lives");
        foreach (var (verb, reason, status) in new[]
        {
            (null, null, "good"),
            ("revoke", "certificateHold", "revoked"),
            ("release", null, "good"),
            ("revoke", "keyCompromise", "revoked"),
        })
        {
            if (verb is not null)
                await server.Party.EndAsync(leaf.SerialNumber, verb, reason);
            Assert.Equal([.. Enumerable.Repeat(status, 4)], Verdicts(leaf));
        }

        // A serial number that was not issued; its first nibble is zero, and the CertIDs have different hashes.
        var unknown = AskOpenSsl("-sha1", "-serial", "0x0FE1", "-sha256", "-serial", "0x0FE2");
        Assert.Contains("0x0FE1: unknown", unknown, StringComparison.Ordinal);
        Assert.Contains("0x0FE2: unknown", unknown, StringComparison.Ordinal);

        var other = await server.EnrolAsync("lives on");
        await server.Party.CrlAsync(crl => RevocationTests.Lists(crl, leaf.Certificate) && !RevocationTests.Lists(crl, other.Certificate));
        var read = ExternalTool.Run(
            CertTool, "--verify-crl", "--load-ca-certificate", server.Host.CaFile, "--infile", server.Party.CrlFile).MustSucceed().Output;
        Assert.Contains("Verified. The certificate is trusted.", read, StringComparison.Ordinal);
        Assert.Contains(leaf.SerialNumber.ToLowerInvariant(), read, StringComparison.Ordinal);
        Assert.Equal(0, VerifyWithDownload(other).Code);
        Assert.Contains("certificate revoked", VerifyWithDownload(leaf).Output, StringComparison.Ordinal);
    }

    // Of openssl with SHA-1 and with SHA-256 hashes by POST, of curl by GET, and of GnuTLS with the URL in the certificate.
    private string[] Verdicts(ProgramPair leaf) =>
    [
        Word(AskOpenSsl("-sha1", "-cert", leaf.CertificateFile), $"{leaf.CertificateFile}: "),
        Word(AskOpenSsl("-sha256", "-cert", leaf.CertificateFile), $"{leaf.CertificateFile}: "),
        Word(AskByGet(leaf), $"{leaf.CertificateFile}: "),
        Word(
            ExternalTool.Run(
                OcspTool, "--ask", "--load-issuer", server.Host.CaFile, "--load-cert", leaf.CertificateFile, "--load-trust",
                server.Host.CaFile).MustSucceed().Output,
            "Certificate Status: "),
    ];

    // openssl takes the algorithm for what stands behind it.
    private string AskOpenSsl(params string[] asked) => Verified(OpenSsl.Run(
        ["ocsp", "-issuer", server.Host.CaFile, .. asked, "-url", Responder, "-CAfile", server.Host.CaFile]));

    private string AskByGet(ProgramPair leaf)
    {
        string[] asked = ["ocsp", "-issuer", server.Host.CaFile, "-cert", leaf.CertificateFile, "-no_nonce"];
        OpenSsl.Run([.. asked, "-reqout", _folder["request"]]);
        var text = Uri.EscapeDataString(Convert.ToBase64String(File.ReadAllBytes(_folder["request"])));
        ExternalTool.Run("curl", "-sSf", "-o", _folder["response"], $"{Responder}/{text}").MustSucceed();
        return Verified(OpenSsl.Run([.. asked, "-respin", _folder["response"], "-CAfile", server.Host.CaFile]));
    }

    // openssl warns of a nonce that does not come back, and of times that are not now, and says OK.
    private static string Verified(string words)
    {
        Assert.Contains("Response verify OK", words, StringComparison.Ordinal);
        Assert.DoesNotContain("WARNING", words, StringComparison.Ordinal);
        return words;
    }

    private static string Word(string text, string before) =>
        text.Split('\n', StringSplitOptions.TrimEntries).First(line => line.StartsWith(before, StringComparison.Ordinal))[before.Length..];

    private (int Code, string Output) VerifyWithDownload(ProgramPair leaf) => OpenSsl.TryRun(
        "verify", "-crl_check", "-crl_download", "-CAfile", server.Host.CaFile, leaf.CertificateFile);
}
