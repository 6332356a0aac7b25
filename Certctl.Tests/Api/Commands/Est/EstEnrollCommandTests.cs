using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Api.Commands.Est;
using Certctl.Infrastructure.EstClient;
using Certctl.Infrastructure.ScepClient;
using Certctl.Infrastructure.ScepClient.Messages;
using Certctl.Tests.Api.Commands.Status;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.EstClient;
using Certctl.Tests.Infrastructure.ScepClient;
using Xunit;

namespace Certctl.Tests.Api.Commands.Est;

/// <summary>The verbs as users and scripts see them: options, files, exit codes, messages.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class EstEnrollCommandTests : IAsyncLifetime, IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<string, string> _environment = [];
    private FakeEstServer _server = null!;

    public async Task InitializeAsync()
    {
        _server = await FakeEstServer.StartAsync();
        await File.WriteAllTextAsync(_folder["ca.crt"], FakePki.Ca.ExportCertificatePem());
        await File.WriteAllTextAsync(_folder["given.key"], FakePki.DeviceKey.ExportPkcs8PrivateKeyPem());
        _environment["CERTCTL_CA_FILE"] = _folder["ca.crt"];
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_new_key_of_mode_0600_its_certificate_and_the_chain_are_written_and_renewed_by_TLS_client_certificate()
    {
        var run = await EnrolAsync("--subject", "CN=device-1", "--dns", "a.example", "--key-type", "ec-p256", "--json");

        Assert.True(run.Code == 0, run.Error);
        Assert.Equal(("issued", "CN=device-1"), (run.Json.GetProperty("status").GetString(), run.Json.GetProperty("subject").GetString()));
        Assert.Equal(["chain.crt", "device.crt", "device.key"], Names());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_folder["out/device.key"]));
        Assert.Equal(FakePki.Ca.ExportCertificatePem() + "\n", await File.ReadAllTextAsync(_folder["out/chain.crt"]));
        Assert.Contains("the CA is believed because the TLS server was verified", run.Error, StringComparison.Ordinal);
        using var first = X509CertificateLoader.LoadCertificateFromFile(_folder["out/device.crt"]);

        var renewed = await RunAsync(EstOperation.SimpleReenroll, _server.Url, "--old-cert", _folder["out/device.crt"],
            "--old-key", _folder["out/device.key"], "--out", _folder["out"], "--force");

        Assert.True(renewed.Code == 0, renewed.Error);
        var seen = _server.Posts.Last();
        Assert.Equal(("/.well-known/est/simplereenroll", first.Thumbprint), (seen.Path, seen.ClientCertificate));
        using var key = DeviceKey.Load(_folder["out/device.key"], null);
        using var second = X509CertificateLoader.LoadCertificateFromFile(_folder["out/device.crt"]);
        Assert.True(second.HasKeyOf(key.ExportSubjectPublicKeyInfo()));
        Assert.NotEqual(first.SerialNumber, second.SerialNumber);
    }

    [Fact]
    public async Task A_pending_request_ends_with_4_when_the_server_wants_more_time_and_is_resumed_with_the_same_octets()
    {
        (_server.PendingFirst, _server.RetryAfter) = (3, "600");
        string[] ec = ["--key-type", "ec-p256", "--subject", "CN=patient"];

        var first = await EnrolAsync([.. ec, "--json"]);
        Assert.Equal((4, 600), (first.Code, first.Json.GetProperty("retry_after").GetInt32()));
        Assert.Contains("An operator is asked.", first.Error, StringComparison.Ordinal);
        Assert.Equal(["device.csr", "device.key.new"], Names());
        Assert.Equal(4, (await EnrolAsync(ec)).Code);
        _server.RetryAfter = null;
        var third = await EnrolAsync("--resume", "--poll-interval", "1ms");

        Assert.True(third.Code == 0, third.Error);
        Assert.Equal(["chain.crt", "device.crt", "device.key"], Names());
        Assert.Equal(4, _server.Posts.Count());
        Assert.Single(_server.Posts.Select(seen => Convert.ToHexString(seen.Csr)).Distinct());
        Assert.Equal(7, (await EnrolAsync("--resume", "--force")).Code);
    }

    [Fact]
    public async Task A_server_that_goes_away_while_the_request_is_pending_is_waited_for()
    {
        var count = 0;
        _server.Instead = (http, seen) =>
        {
            http.Response.StatusCode = ++count switch { 1 => 202, 2 => 503, 3 => 429, _ => 403 };
            if (count == 3)
                http.Abort();
            return Task.CompletedTask;
        };

        var run = await EnrolAsync("--poll-interval", "1ms");

        Assert.Equal((3, 4), (run.Code, _server.Posts.Count()));
        Assert.Contains("HTTP 503. Still waiting", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(400, "text/plain", "the subject\u0007 is not allowed\nsee the profile", 3,
        "HTTP 400): \"the subject? is not allowed / see")]
    [InlineData(404, "text/plain", "", 5, "does not offer simpleenroll")]
    [InlineData(503, "text/plain", "database", 5, "not ready (it asks to wait 7 seconds)")]
    [InlineData(201, "text/plain", "", 6, "HTTP 201")]
    [InlineData(200, "text/html", "AAAA", 6, "Content-Type")]
    public async Task Every_other_answer_has_its_exit_code_and_its_words(int status, string type, string text, int code, string words)
    {
        _server.Instead = (http, _) =>
        {
            http.Response.StatusCode = status;
            http.Response.Headers.RetryAfter = "7";
            return FakeEstServer.WriteTextAsync(http, type, text);
        };

        var run = await EnrolAsync();

        Assert.Equal(code, run.Code);
        Assert.Contains(words, run.Error, StringComparison.Ordinal);

        // After a refusal the key is of no use; otherwise the same command goes on with it.
        Assert.Equal(code == 3 ? [] : ["device.csr", "device.key.new"], Names());
    }

    [Theory]
    [InlineData("another key", "none is for the key of the request")]
    [InlineData("another CA", "does not lead to CN=Fake CA")]
    [InlineData("expired", "it is valid from")]
    [InlineData("a CA", "it is a CA certificate")]
    public async Task A_certificate_that_is_not_what_was_asked_for_is_not_written(string what, string why)
    {
        _server.Issue = (key, subject) => what switch
        {
            "another key" => FakeEstServer.Certify(new PublicKey(FakePki.StrangerKey), subject),
            "another CA" => FakePki.Make(
                subject, key, FakePki.Stranger.SubjectName, FakePki.StrangerKey, X509KeyUsageFlags.DigitalSignature),
            "a CA" => FakePki.Make(
                subject, key, FakePki.Ca.SubjectName, FakePki.CaKey, X509KeyUsageFlags.DigitalSignature, isCa: true),
            _ => FakePki.Make(subject, key, FakePki.Ca.SubjectName, FakePki.CaKey, null, firstDay: -3, lastDay: -1),
        };

        var run = await EnrolAsync("--json");

        Assert.Equal((6, "verify"), (run.Code, run.Json.GetProperty("stage").GetString()));
        Assert.Contains(why, run.Error, StringComparison.Ordinal);
        Assert.Equal(["device.csr", "device.key.new"], Names());
    }

    [Fact]
    public async Task The_password_comes_from_file_environment_or_prompt_and_its_absence_and_its_wrongness_are_told_apart()
    {
        _server.Password = "user:secret";
        await File.WriteAllTextAsync(_folder["password"], "secret\n");

        Assert.Contains("--password-file", (await EnrolAsync()).Error, StringComparison.Ordinal);
        var wrong = await RunAsync(EstOperation.SimpleEnroll, () => "guess", [.. Common, "--user", "user"]);
        Assert.Equal(3, wrong.Code);
        Assert.Contains("does not accept the user name or the password", wrong.Error, StringComparison.Ordinal);
        Assert.Equal(["device.csr", "device.key.new"], Names());
        Assert.Equal(0, (await EnrolAsync("--user", "user", "--password-file", _folder["password"])).Code);
        Assert.Equal(0, (await RunAsync(EstOperation.SimpleEnroll, () => "secret", [.. Common, "--user", "user", "--force"])).Code);
        _environment["CERTCTL_EST_PASSWORD"] = "secret";
        Assert.Equal(0, (await EnrolAsync("--user", "user", "--force")).Code);

        // One key for all that was refused, and no password before the question.
        Assert.Single(_server.Posts.Take(4).Select(seen => Convert.ToHexString(seen.Csr)).Distinct());
        Assert.Null(_server.Posts.First().Authorization);
    }

    [Fact]
    public async Task The_list_of_the_server_chooses_the_key_and_a_channel_binding_is_refused_before_anything_is_sent()
    {
        // SEQUENCE { SEQUENCE { id-ecPublicKey, SET { secp384r1 } } }
        _server.CsrAttrs = Convert.FromHexString("3014301206072A8648CE3D0201310706052B81040022");
        var run = await EnrolAsync("--json");
        Assert.True(run.Code == 0, run.Error);
        Assert.Equal("ECDSA-P384", run.Json.GetProperty("key_type").GetString());

        // SEQUENCE { challengePassword }
        _server.CsrAttrs = Convert.FromHexString("300B06092A864886F70D010907");
        var refused = await EnrolAsync("--force");
        Assert.Equal(6, refused.Code);
        Assert.Contains("challengePassword (1.2.840.113549.1.9.7)", refused.Error, StringComparison.Ordinal);
        Assert.Single(_server.Posts);
        Assert.Equal(0, (await EnrolAsync("--force", "--ignore-csrattrs")).Code);
    }

    [Fact]
    public async Task A_key_of_the_server_is_written_privately_and_never_shown()
    {
        using var made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var pkcs8 = Convert.ToBase64String(made.ExportPkcs8PrivateKey());
        _server.Instead = (http, seen) => FakeEstServer.WriteTextAsync(http, "multipart/mixed; boundary=b",
            $"--b\r\nContent-Type: application/pkcs8\r\n\r\n{pkcs8}\r\n--b\r\nContent-Type: application/pkcs7-mime; smime-type=certs-only"
                + "\r\n\r\n" + Convert.ToBase64String(FakeEstServer.CertsOnly(
                    FakeEstServer.Certify(new PublicKey(made), new X500DistinguishedName("CN=keyless")))) + "\r\n--b--\r\n");

        var run = await RunAsync(EstOperation.ServerKeygen, [.. Common, "--subject", "CN=keyless"]);

        Assert.True(run.Code == 0, run.Error);
        Assert.Contains("made by the server", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(pkcs8[..40], run.Output + run.Error, StringComparison.Ordinal);
        Assert.Equal(["chain.crt", "device.crt", "device.key"], Names());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_folder["out/device.key"]));
        using var key = DeviceKey.Load(_folder["out/device.key"], null);
        Assert.Equal(made.ExportSubjectPublicKeyInfo(), key.ExportSubjectPublicKeyInfo());
        Assert.Equal(2, (await RunAsync(EstOperation.ServerKeygen, [.. Common, "--force", "--encrypt-key"])).Code);
    }

    [Theory]
    [InlineData(2, "--key-type", "ed25519")]
    [InlineData(2, "--ca-fingerprint", "12")]
    [InlineData(2, "--ip", "300.1.1.1")]
    [InlineData(2, "--timeout", "soon")]
    [InlineData(2, "--user", "a:b")]
    [InlineData(2, "--client-cert", "x.crt")]
    [InlineData(7, "--cacert", "/nowhere/ca.crt")]
    [InlineData(7, "--password-file", "/nowhere/password")]
    [InlineData(7, "--key", "/nowhere/device.key")]
    public async Task What_cannot_be_used_ends_before_the_first_request_for_a_certificate(int code, string option, string value)
    {
        var run = await EnrolAsync(option, value);

        Assert.Equal(code, run.Code);
        Assert.Contains("What to do:", run.Error, StringComparison.Ordinal);
        Assert.Empty(_server.Posts);
    }

    [Fact]
    public async Task The_CA_certificates_and_the_list_are_shown()
    {
        _server.Cas = [FakePki.Ca, FakePki.Ra, FakePki.Stranger];
        _server.CsrAttrs = Convert.FromHexString("301D301206072A8648CE3D0201310706052B81040022" + "06072A8648CE3D0201");

        var cas = await StatusRun.OfAsync(EstCaCertsCommand.Create(name => _environment.GetValueOrDefault(name)), _server.Url,
            "--ca-fingerprint", FakePki.Ca.Sha256Fingerprint(), "--out", _folder["bundle.pem"]);
        var list = await StatusRun.OfAsync(EstCsrAttrsCommand.Create(name => _environment.GetValueOrDefault(name)), _server.Url);

        Assert.True(cas.Code == 0, cas.Error);
        foreach (var words in new[] { "1 of 3 (anchor)", "2 of 3 (trusted)", "3 of 3 (not trusted)", FakePki.Ca.Sha256Fingerprint() })
            Assert.Contains(words, cas.Output, StringComparison.Ordinal);
        Assert.Equal(2, (await File.ReadAllTextAsync(_folder["bundle.pem"])).Split("BEGIN CERTIFICATE").Length - 1);
        Assert.Contains("CN=Fake RA, O=Test is no CA certificate", cas.Error, StringComparison.Ordinal);
        Assert.True(list.Code == 0, list.Error);
        Assert.Contains("EC on P-384", list.Output, StringComparison.Ordinal);
    }

    private string[] Common => [_server.Url, "--out", _folder["out"]];

    private Task<StatusRun> EnrolAsync(params string[] more) => RunAsync(EstOperation.SimpleEnroll, [.. Common, .. more]);

    private Task<StatusRun> RunAsync(EstOperation operation, params string[] arguments) => RunAsync(operation, () => null, arguments);

    private Task<StatusRun> RunAsync(EstOperation operation, Func<string?> ask, string[] arguments) =>
        StatusRun.OfAsync(EstEnrollCommand.Create(operation, name => _environment.GetValueOrDefault(name), ask), arguments);

    private string[] Names() =>
        [.. Directory.GetFiles(_folder["out"]).Select(Path.GetFileName).OfType<string>().Order(StringComparer.Ordinal)];
}
