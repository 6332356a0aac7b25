using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Certctl.Api.Commands.Scep;
using Certctl.Infrastructure.ScepClient;
using Certctl.Infrastructure.ScepClient.Messages;
using Certctl.Tests.Infrastructure.ScepClient;
using Xunit;

namespace Certctl.Tests.Api.Commands.Scep;

/// <summary>The verb as users and scripts see it: options, files, exit codes, messages.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class ScepEnrollCommandTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("certctl-enroll-").FullName;
    private readonly Dictionary<string, string> _environment = [];
    private FakeScepServer _server = null!;

    public async Task InitializeAsync()
    {
        _server = await FakeScepServer.StartAsync();
        await File.WriteAllTextAsync(At("given.key"), FakePki.DeviceKey.ExportPkcs8PrivateKeyPem());
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_new_key_of_mode_0600_its_certificate_and_the_chain_are_written()
    {
        var (code, output, _) = await RunAsync(
            _server.Url.ToString(), "--challenge", "s3cret-word", "--subject", "CN=device-1", "--out", At("out"));

        Assert.Equal(0, code);
        Assert.Contains("CN=device-1", output, StringComparison.Ordinal);
        using var key = DeviceKey.Load(At("out/device.key"), null);
        using var certificate = X509CertificateLoader.LoadCertificateFromFile(At("out/device.crt"));
        Assert.True(certificate.HasKeyOf(key.ExportSubjectPublicKeyInfo()));
        Assert.Equal(FakePki.Ca.ExportCertificatePem() + "\n", await File.ReadAllTextAsync(At("out/chain.crt")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(At("out/device.key")));
        Assert.Equal(["chain.crt", "device.crt", "device.key"], Names("out"));
    }

    [Fact]
    public async Task One_json_line_says_what_was_issued()
    {
        var (code, output, _) = await EnrolAsync("--json");

        Assert.Equal(0, code);
        var result = JsonDocument.Parse(Assert.Single(output.TrimEnd('\n').Split('\n'))).RootElement;
        Assert.Equal("issued", result.GetProperty("status").GetString());
        using var certificate = X509CertificateLoader.LoadCertificateFromFile(result.GetProperty("certificate").GetString()!);
        Assert.Equal(certificate.SerialNumber, result.GetProperty("serial").GetString());
    }

    [Fact]
    public async Task The_url_and_the_challenge_may_come_from_the_environment()
    {
        _environment["CERTCTL_SCEP_URL"] = _server.Url.ToString();
        _environment["CERTCTL_CHALLENGE"] = "from-the-environment";

        var (code, _, _) = await RunAsync("--key", At("given.key"), "--out", _folder);

        Assert.Equal(0, code);
        // RFC 2985 §5.4.1: PrintableString where it fits.
        Assert.Equal("\u0013\u0014from-the-environment", ChallengeText());
    }

    [Fact]
    public async Task The_challenge_file_may_end_with_a_line_end_and_wins_over_the_environment()
    {
        _environment["CERTCTL_CHALLENGE"] = "from-the-environment";
        await File.WriteAllTextAsync(At("challenge"), " blanks stay \r\n");

        await EnrolAsync("--challenge-file", At("challenge"));

        Assert.EndsWith("\x0d blanks stay ", ChallengeText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_ends_with_3_and_what_to_do_and_leaves_no_file()
    {
        _server.Defect = Defect.Failure;

        var (code, output, error) = await RunAsync(_server.Url.ToString(), "--challenge", "s3cret-word", "--out", At("out"));

        Assert.Equal(3, code);
        Assert.Empty(output);
        Assert.Contains("stage reply: the server refused: badRequest: \"challenge password is wrong\"", error, StringComparison.Ordinal);
        Assert.Contains("What to do: Check CERTCTL_CHALLENGE, --challenge-file or --challenge.", error, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret-word", error, StringComparison.Ordinal);
        Assert.Empty(Names("out"));
    }

    [Fact]
    public async Task Pending_at_the_timeout_ends_with_4_and_resume_fetches_the_certificate_for_the_kept_key()
    {
        _server.PendingFirst = 2;
        string[] common = [_server.Url.ToString(), "--out", At("out"), "--poll-interval", "1ms"];

        var (first, _, error) = await RunAsync([.. common, "--timeout", "0s", "--json"]);
        Assert.Equal(4, first);
        Assert.Contains("--resume", error, StringComparison.Ordinal);
        Assert.Equal(["device.key.new"], Names("out"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(At("out/device.key.new")));

        var (second, _, _) = await RunAsync([.. common, "--resume"]);
        Assert.Equal(0, second);
        Assert.Equal(["chain.crt", "device.crt", "device.key"], Names("out"));
        Assert.Equal(["19", "20", "20"], _server.Seen.Select(seen => seen.MessageType));
        Assert.Single(_server.Seen.Select(seen => seen.TransactionId).Distinct());
    }

    [Fact]
    public async Task An_interrupted_run_is_repeated_with_the_same_key()
    {
        _server.Defect = Defect.HttpError;
        Assert.Equal(5, (await RunAsync(_server.Url.ToString(), "--out", At("out"))).Code);
        _server.Defect = Defect.None;

        var (code, _, error) = await RunAsync(_server.Url.ToString(), "--out", At("out"));

        Assert.Equal(0, code);
        Assert.Contains("unfinished enrolment", error, StringComparison.Ordinal);
        Assert.Single(_server.Seen.Select(seen => seen.TransactionId).Distinct());
    }

    [Theory]
    [InlineData(Defect.WrongNonce, "reply")]
    [InlineData(Defect.ForeignCa, "verify")]
    public async Task A_wrong_answer_ends_with_6_names_the_stage_and_writes_no_certificate(Defect defect, string stage)
    {
        _server.Defect = defect;

        var (code, output, error) = await EnrolAsync("--json");

        Assert.Equal(6, code);
        Assert.Contains($"failed at stage {stage}:", error, StringComparison.Ordinal);
        Assert.Equal(stage, JsonDocument.Parse(output).RootElement.GetProperty("stage").GetString());
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        Assert.False(File.Exists(At("device.crt")));
        Assert.False(File.Exists(At("chain.crt")));
    }

    [Fact]
    public async Task A_server_that_is_not_there_ends_with_5()
    {
        var (code, _, error) = await RunAsync("http://127.0.0.1:1/scep", "--key", At("given.key"), "--out", _folder);

        Assert.Equal(5, code);
        Assert.Contains("stage GetCACaps: 127.0.0.1:1 cannot be reached", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--key-type", "ed25519", "ec-p256")]
    [InlineData("--digest", "md5", "sha-256")]
    [InlineData("--ip", "300.1.1.1", "--ip")]
    [InlineData("--dns", "", "it is empty")]
    [InlineData("--uri", "no uri", "--uri")]
    [InlineData("--subject", "device-1", "--subject")]
    [InlineData("--ca-fingerprint", "12", "fingerprint")]
    [InlineData("--timeout", "soon", "no duration")]
    [InlineData("--old-cert", "x.crt", "--renew")]
    public async Task What_makes_no_sense_ends_with_2_before_anything_is_sent(string option, string value, string why)
    {
        var (code, _, error) = await RunAsync(_server.Url.ToString(), "--out", _folder, option, value);

        Assert.Equal(2, code);
        Assert.Contains(why, error, StringComparison.Ordinal);
        Assert.Empty(_server.Seen);
    }

    [Theory]
    [InlineData("ftp://host/scep", "no http or https URL")]
    [InlineData("https://user:pw@host/scep", "user name or password")]
    [InlineData("--insecure", "there is no option --insecure")]
    public async Task An_url_that_cannot_be_used_ends_with_2(string url, string why)
    {
        var (code, _, error) = await RunAsync(url);

        Assert.Equal(2, code);
        Assert.Contains(why, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_existing_key_is_kept_without_force_and_until_the_end_with_it()
    {
        Directory.CreateDirectory(At("out"));
        await File.WriteAllTextAsync(At("out/device.key"), "precious");

        Assert.Equal(7, (await RunAsync(_server.Url.ToString(), "--out", At("out"))).Code);
        Assert.Empty(_server.Seen);
        _server.Defect = Defect.WrongKey;
        Assert.Equal(6, (await RunAsync(_server.Url.ToString(), "--out", At("out"), "--force")).Code);
        Assert.Equal("precious", await File.ReadAllTextAsync(At("out/device.key")));
        _server.Defect = Defect.None;
        Assert.Equal(0, (await RunAsync(_server.Url.ToString(), "--out", At("out"), "--force")).Code);
        DeviceKey.Load(At("out/device.key"), null).Dispose();
    }

    [Fact]
    public async Task The_passphrase_file_encrypts_the_new_key()
    {
        await File.WriteAllTextAsync(At("passphrase"), "open sesame\n");

        Assert.Equal(0, (await RunAsync(_server.Url.ToString(), "--out", At("out"), "--key-passphrase-file", At("passphrase"))).Code);

        Assert.StartsWith(
            "-----BEGIN ENCRYPTED PRIVATE KEY-----", await File.ReadAllTextAsync(At("out/device.key")), StringComparison.Ordinal);
        DeviceKey.Load(At("out/device.key"), "open sesame").Dispose();
    }

    [Fact]
    public async Task A_renewal_takes_everything_from_the_old_pair_and_no_challenge_from_the_environment()
    {
        _environment["CERTCTL_CHALLENGE"] = "left-over";
        Assert.Equal(
            0, (await RunAsync(_server.Url.ToString(), "--subject", "CN=device-1", "--dns", "a.example.org", "--out", At("out"))).Code);

        var (code, _, _) = await RunAsync(
            _server.Url.ToString(), "--renew", "--old-cert", At("out/device.crt"), "--old-key", At("out/device.key"), "--out", At("out"),
            "--force");

        Assert.Equal(0, code);
        var seen = _server.Seen.Last();
        Assert.Equal(("17", "CN=device-1"), (seen.MessageType, seen.Signer.Subject));
        Assert.DoesNotContain("left-over", System.Text.Encoding.Latin1.GetString(seen.Content), StringComparison.Ordinal);
        using var renewed = X509CertificateLoader.LoadCertificateFromFile(At("out/device.crt"));
        using var key = DeviceKey.Load(At("out/device.key"), null);
        Assert.NotEqual(seen.Signer.SerialNumber, renewed.SerialNumber);
        Assert.True(renewed.HasKeyOf(key.ExportSubjectPublicKeyInfo()));
    }

    [Theory]
    [InlineData("another key", "is not the key of")]
    [InlineData("expired", "is not valid now")]
    public async Task An_old_pair_that_cannot_renew_ends_with_7(string what, string why)
    {
        using var old = FakePki.Make(
            "CN=device-1", what == "expired" ? FakePki.DeviceKey : FakePki.StrangerKey, FakePki.Ca, FakePki.CaKey,
            X509KeyUsageFlags.DigitalSignature,
            firstDay: -9, lastDay: what == "expired" ? -1 : 9);
        await File.WriteAllTextAsync(At("old.crt"), old.ExportCertificatePem());

        var (code, _, error) = await RunAsync(
            _server.Url.ToString(), "--renew", "--old-cert", At("old.crt"), "--old-key", At("given.key"), "--out", _folder);

        Assert.Equal(7, code);
        Assert.Contains(why, error, StringComparison.Ordinal);
        Assert.Empty(_server.Seen);
    }

    [Fact]
    public async Task The_fingerprint_of_another_ca_ends_with_6_before_the_challenge_is_sent()
    {
        var (code, _, error) = await EnrolAsync("--ca-fingerprint", FakePki.Stranger.Sha256Fingerprint());

        Assert.Equal(6, code);
        Assert.Contains("stage GetCACert", error, StringComparison.Ordinal);
        Assert.Empty(_server.Seen);
    }

    [Fact]
    public async Task Without_a_fingerprint_plain_http_is_remarked_and_with_one_it_is_pinned()
    {
        Assert.Contains("this CA certificate is NOT verified", (await EnrolAsync()).Error, StringComparison.Ordinal);
        var (code, _, error) = await EnrolAsync("--ca-fingerprint", FakePki.Ca.Sha256Fingerprint());

        Assert.Equal(0, code);
        Assert.DoesNotContain("vouches", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Enrolling_has_no_switch_that_trusts_any_server()
    {
        Assert.NotEmpty(ScepEnrollCommand.Create().Parse(["https://host/scep", "--insecure"]).Errors);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_ends_with_7_before_the_challenge_is_sent()
    {
        await File.WriteAllTextAsync(At("file"), "");

        var (code, _, error) = await RunAsync(_server.Url.ToString(), "--key", At("given.key"), "--out", At("file/below"));

        Assert.Equal(7, code);
        Assert.Contains("cannot be written", error, StringComparison.Ordinal);
        Assert.Empty(_server.Seen);
    }

    private Task<(int Code, string Output, string Error)> EnrolAsync(params string[] more) =>
        RunAsync([_server.Url.ToString(), "--key", At("given.key"), "--out", _folder, .. more]);

    private async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await ScepEnrollCommand.Create(name => _environment.GetValueOrDefault(name)).Parse(arguments)
            .InvokeAsync(new InvocationConfiguration { Output = output, Error = error });
        return (code, output.ToString(), error.ToString());
    }

    private string At(string name) => Path.Combine(_folder, name);

    private string[] Names(string folder) =>
        [.. Directory.GetFiles(At(folder)).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    private string ChallengeText()
    {
        var csr = CertificateRequest.LoadSigningRequest(
            _server.Seen.Last().Content, HashAlgorithmName.SHA256, CertificateRequestLoadOptions.Default, RSASignaturePadding.Pkcs1);
        return System.Text.Encoding.ASCII.GetString(
            csr.OtherRequestAttributes.Single(attribute => attribute.Oid!.Value == "1.2.840.113549.1.9.7").RawData);
    }
}
