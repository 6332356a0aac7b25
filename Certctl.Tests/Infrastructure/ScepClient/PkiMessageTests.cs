using System.Diagnostics;
using System.Security.Cryptography;
using Certctl.Infrastructure.ScepClient;
using Certctl.Infrastructure.ScepClient.Messages;
using Xunit;
using Xunit.Abstractions;

namespace Certctl.Tests.Infrastructure.ScepClient;

/// <summary>An independent parser reads what the client sends.</summary>
public sealed class PkiMessageTests(ITestOutputHelper log) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("certctl-message-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("SHA256", ScepCipher.Aes128, "aes-128-cbc")]
    [InlineData("SHA384", ScepCipher.Aes192, "aes-192-cbc")]
    [InlineData("SHA512", ScepCipher.Aes256, "aes-256-cbc")]
    [InlineData("SHA1", ScepCipher.Des3, "des-ede3-cbc")]
    [Trait("Conformance", "S-M17")]
    public async Task Openssl_verifies_the_message_decrypts_it_and_finds_the_request(string digest, ScepCipher cipher, string cipherName)
    {
        if (!OpenSslIsHere())
            return;
        var hash = new HashAlgorithmName(digest);
        var names = RequestedNames.From("CN=device-1,O=Example", ["a.example.org"], ["192.0.2.7"], [], ["urn:x:1"], ["u@example.org"]);
        using var signer = DeviceRequest.SelfSigned(names, FakePki.DeviceKey, hash, "42", FakePki.Now);
        var message = PkiMessage.Build(
            PkiMessage.PkcsReq,
            "42",
            DeviceRequest.Build(names, FakePki.DeviceKey, hash, "s3cret word"),
            new MessageSigner(signer, FakePki.DeviceKey),
            FakePki.Ra, new MessageAlgorithms(hash, cipher));
        await File.WriteAllBytesAsync(At("message"), message.Der);
        await File.WriteAllTextAsync(At("ra.key"), FakePki.RaKey.ExportPkcs8PrivateKeyPem());
        await File.WriteAllTextAsync(At("ra.crt"), FakePki.Ra.ExportCertificatePem());
        await File.WriteAllTextAsync(At("signer.crt"), signer.ExportCertificatePem());

        await OpenSslAsync(
            "cms", "-verify", "-binary", "-inform", "DER", "-in", At("message"), "-CAfile", At("signer.crt"), "-purpose", "any", "-out",
            At("envelope"));
        await OpenSslAsync(
            "cms", "-decrypt", "-binary", "-inform", "DER", "-in", At("envelope"), "-inkey", At("ra.key"), "-recip", At("ra.crt"), "-out",
            At("csr"));
        var envelope = await OpenSslAsync("cms", "-cmsout", "-print", "-inform", "DER", "-in", At("envelope"));
        var csr = await OpenSslAsync("req", "-inform", "DER", "-in", At("csr"), "-verify", "-noout", "-text", "-nameopt", "RFC2253");

        Assert.Contains(cipherName, envelope, StringComparison.Ordinal);
        Assert.Contains("Certificate request self-signature verify OK", csr, StringComparison.Ordinal);
        Assert.Contains("Subject: CN=device-1,O=Example", csr, StringComparison.Ordinal);
        Assert.Contains(
            "DNS:a.example.org, IP Address:192.0.2.7, URI:urn:x:1, othername: UPN::u@example.org", csr, StringComparison.Ordinal);
        Assert.Contains("challengePassword        :s3cret word", csr, StringComparison.Ordinal);
    }

    // In CI the tool must be there; elsewhere its absence is said.
    private bool OpenSslIsHere()
    {
        var found = (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(':').Any(folder => File.Exists(Path.Combine(folder, "openssl")));
        Assert.True(found || Environment.GetEnvironmentVariable("CI") != "true", "openssl is missing");
        if (!found)
            log.WriteLine("skipped: there is no openssl on this machine");
        return found;
    }

    private static async Task<string> OpenSslAsync(params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo("openssl", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"openssl {string.Join(' ', arguments)}: {await error}");
        return output + await error;
    }

    private string At(string name) => Path.Combine(_folder, name);
}
