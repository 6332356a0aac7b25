using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Certctl.Api.Commands.Status;
using Certctl.Infrastructure.StatusClient;
using Certctl.Infrastructure.StatusClient.Ocsp;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.StatusClient;
using Xunit;

namespace Certctl.Tests.Api.Commands.Status;

/// <summary><c>certctl ocsp query</c> against openssl's responder, and against answers that must not be relied upon.</summary>
public sealed class OcspQueryCommandTests : IDisposable
{
    private readonly OpenSslCa _ca = new();

    public void Dispose() => _ca.Dispose();

    [Theory]
    [InlineData("EC:P-256", true)]
    [InlineData("EC:P-384", false)]
    [InlineData("RSA:2048", true)]
    [InlineData("RSA:2048", false)]
    public async Task A_responder_of_openssl_says_good_revoked_and_unknown(string key, bool isDelegated)
    {
        using var ca = new OpenSslCa(key, "Answering CA");
        var (good, ended, held) = (ca.Issue("good"), ca.Issue("ended"), ca.Issue("held"));
        var forgotten = Forget(ca, ca.Issue("forgotten"));
        ca.Revoke(ended, "-crl_reason", "keyCompromise");
        ca.Revoke(held, "-crl_hold", "holdInstructionNone");
        var signer = isDelegated ? ca.IssueResponder() : ca.CaFile;
        using var responder = await ca.StartResponderAsync(signer, "-nmin", "60");

        foreach (var form in new[] { "", "--get", "--nonce", "--hash sha1", "--hash sha1 --get --nonce" })
        {
            Task<StatusRun> Ask(string certificate) => QueryAsync(
            [
                certificate, "--issuer", ca.CaFile, "--url", responder.Url.ToString(),
                .. form.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            ]);
            var run = await Ask(good);
            Assert.True(run.Code == 0, run.Output + run.Error);
            Assert.EndsWith("Status: good.\n", run.Output, StringComparison.Ordinal);
            Assert.Contains(isDelegated ? "signed by CN=responder" : "signed by CN=Answering CA", run.Output, StringComparison.Ordinal);
            run = await Ask(ended);
            Assert.Equal(3, run.Code);
            Assert.Matches(@"(?m)^Revoked      \d{4}-.*Z, keyCompromise$", run.Output);
            Assert.Contains("certificateHold", (await Ask(held)).Output, StringComparison.Ordinal);
            run = await Ask(forgotten);
            Assert.Equal((4, true), (run.Code, run.Output.EndsWith("Status: unknown.\n", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public async Task The_certificate_names_responder_and_issuer_and_the_JSON_has_all_of_the_answer()
    {
        await using var server = await FakeStatusServer.StartAsync();
        var signer = _ca.IssueResponder();
        var url = server.ServeOcsp("/ocsp", request => _ca.Answer(request, signer, "-nmin", "60"));
        var der = _ca.Path("ca.der");
        OpenSsl.Run("x509", "-in", _ca.CaFile, "-outform", "DER", "-out", der);
        OpenSsl.Run("crl2pkcs7", "-nocrl", "-certfile", signer, "-certfile", _ca.CaFile, "-outform", "DER", "-out", _ca.Path("bag.p7c"));
        server.Serve("/ca.der", "application/pkix-cert", await File.ReadAllBytesAsync(der));
        server.Serve("/bag.p7c", "application/pkcs7-mime", await File.ReadAllBytesAsync(_ca.Path("bag.p7c")));
        foreach (var file in new[] { "ca.der", "bag.p7c" })
        {
            var certificate = _ca.Issue(
                $"named-{file}", $"authorityInfoAccess=OCSP;URI:ldap://no.example/,OCSP;URI:{url},caIssuers;URI:{server.Url("/" + file)}");
            var run = await QueryAsync(certificate, "--json");
            Assert.True(run.Code == 0, run.Output + run.Error);
            Assert.Equal("good", run.Json.GetProperty("status").GetString());
            Assert.Equal(url, run.Json.GetProperty("responder").GetString());
            Assert.Equal("CN=responder", run.Json.GetProperty("signed_by").GetString());
            Assert.Equal(Serial(certificate), run.Json.GetProperty("serial").GetString(), ignoreCase: true);
            Assert.True(run.Json.GetProperty("next_update").GetDateTimeOffset() > DateTimeOffset.UtcNow);
        }

        var ended = _ca.Issue("ended", $"authorityInfoAccess=OCSP;URI:{url}");
        _ca.Revoke(ended, "-crl_reason", "superseded");
        Assert.Contains("no caIssuers URL", (await QueryAsync(ended)).Error, StringComparison.Ordinal);
        await File.AppendAllTextAsync(ended, await File.ReadAllTextAsync(_ca.CaFile));
        var revoked = await QueryAsync(ended, "--json");
        Assert.Equal(
            (3, "revoked", "superseded"),
            (revoked.Code, revoked.Json.GetProperty("status").GetString(), revoked.Json.GetProperty("reason").GetString()));
        Assert.InRange(
            revoked.Json.GetProperty("revoked_at").GetDateTimeOffset(), DateTimeOffset.UtcNow.AddMinutes(-30), DateTimeOffset.UtcNow);
        Assert.Contains("names no OCSP responder", (await QueryAsync(_ca.Issue("silent"))).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_the_CA_and_those_whom_it_certified_for_this_may_answer()
    {
        using var namesake = new OpenSslCa();
        var certificate = _ca.Issue("asked");
        foreach (var (signer, problem) in new[]
        {
            (namesake.CaFile, "does not verify with the key of CN=Test CA"),
            (namesake.IssueResponder(), "The responder's certificate is not from this CA"),
            (_ca.IssueResponder("plain", "keyUsage=critical,digitalSignature"), "has no id-kp-OCSPSigning"),
            (_ca.IssueResponder("client", "extendedKeyUsage=clientAuth"), "has no id-kp-OCSPSigning"),
            (_ca.IssueResponder("any", "extendedKeyUsage=anyExtendedKeyUsage"), "has no id-kp-OCSPSigning"),
            (_ca.IssueResponder("agreeing", "keyUsage=critical,keyAgreement", "extendedKeyUsage=OCSPSigning"), "may not sign: its key"),
            (_ca.IssueResponder("strange", "extendedKeyUsage=OCSPSigning", "1.2.3.4=critical,ASN1:NULL"), "critical extension 1.2.3.4"),
            (_ca.IssueUntil("past", DateTimeOffset.UtcNow.AddHours(-1), "extendedKeyUsage=OCSPSigning"), "certificate is valid from"),
        })
        {
            await RefusesAsync(certificate, request => _ca.Answer(request, signer, "-nmin", "60"), problem);
        }

        var delegated = _ca.IssueResponder();
        await RefusesAsync(
            certificate, request => _ca.Answer(request, delegated, "-nmin", "60", "-resp_no_certs"), "none is its");
        await RefusesAsync(
            certificate, request => _ca.Answer(request, delegated, "-nmin", "60", "-badsig"),
            "does not verify with the key of CN=responder");
        await RefusesAsync(
            certificate, request => _ca.Answer(request, _ca.CaFile, "-nmin", "60", "-badsig"),
            "does not verify with the key of CN=Test CA");
    }

    [Fact]
    public async Task A_responder_that_names_itself_by_its_key_is_found()
    {
        var (certificate, signer) = (_ca.Issue("asked"), _ca.IssueResponder());
        var other = _ca.IssueResponder("other");
        foreach (var named in new[] { signer, _ca.CaFile })
        {
            var run = await QueryAsync(
                certificate, request => _ca.Answer(request, named, "-nmin", "60", "-resp_key_id", "-rother", other));
            Assert.True(run.Code == 0, run.Output + run.Error);
        }
    }

    [Fact]
    public async Task An_answer_counts_for_its_time_its_certificate_and_its_request()
    {
        var (certificate, other, signer) = (_ca.Issue("asked"), _ca.Issue("other"), _ca.IssueResponder());
        byte[] Answer(byte[] request) => _ca.Answer(request, signer, "-nmin", "60");
        await RefusesAsync(certificate, request => _ca.Answer(request, signer), "There is no nextUpdate (RFC 9919 §4)");
        foreach (var (hours, problem) in new[] { (2, "The answer has expired"), (-1, "thisUpdate, ") })
        {
            var time = DateTimeOffset.UtcNow.AddHours(hours).ToString("O", CultureInfo.InvariantCulture);
            await RefusesAsync(certificate, Answer, problem, "--now", time);
        }

        await RefusesAsync(certificate, _ => Answer(Request(other, useSha1: false)), "its serial numbers are");
        await RefusesAsync(certificate, _ => Answer(Request(certificate, useSha1: true)), "the hash algorithm is 1.3.14.3.2.26");
        using var namesake = new OpenSslCa();
        await RefusesAsync(
            certificate, _ => Answer(Request(certificate, useSha1: false, namesake.CaFile)),
            "the serial number is the same, the issuer is another");

        // Kept answers: one without a nonce, and one with another's.
        await RefusesAsync(certificate, _ => Answer(Request(certificate, useSha1: false)), "does not repeat the nonce", "--nonce");
        await RefusesAsync(
            certificate, _ => Answer(Request(certificate, useSha1: false, nonce: new byte[32])), "not the one that was sent", "--nonce");
        var unasked = await QueryAsync(certificate, _ => Answer(Request(certificate, useSha1: false, nonce: new byte[32])));
        Assert.Equal((0, true), (unasked.Code, unasked.Output.Contains("Note: The answer has a nonce", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("30030A0101", "malformedRequest")]
    [InlineData("30030A0102", "internalError")]
    [InlineData("30030A0103", "tryLater")]
    [InlineData("30030A0105", "sigRequired")]
    [InlineData("30030A0106", "unauthorized")]
    [InlineData("30030A0104", "error 4")]
    [InlineData("30030A0100", "responseBytes cannot be read")]
    [InlineData("", "OCSPResponse cannot be read")]
    [InlineData("3C68746D6C3E", "OCSPResponse cannot be read")]
    public async Task An_answer_that_is_an_error_or_none_is_told(string hex, string what)
    {
        var run = await QueryAsync(_ca.Issue("asked"), _ => Convert.FromHexString(hex));
        Assert.Equal(6, run.Code);
        Assert.Contains(what, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Usage_files_and_the_network_have_exit_codes_of_their_own()
    {
        var certificate = _ca.Issue("asked");
        using var other = new OpenSslCa(name: "Other CA");
        async Task<(int, string)> Run(params string[] arguments)
        {
            var run = await QueryAsync(arguments);
            return (run.Code, run.Error);
        }

        var (code, error) = await Run(certificate, "--issuer", _ca.CaFile, "--url", "http://127.0.0.1:1/");
        Assert.Equal((5, true), (code, error.Contains("cannot be reached", StringComparison.Ordinal)));
        (code, error) = await Run(certificate, "--issuer", other.CaFile, "--url", "http://127.0.0.1:1/");
        Assert.Equal((7, true), (code, error.Contains("--issuer is not the issuer", StringComparison.Ordinal)));
        (code, error) = await Run(_ca.Path("ca.key"), "--url", "http://127.0.0.1:1/");
        Assert.Equal((7, true), (code, error.Contains("There is no certificate in", StringComparison.Ordinal)));
        (code, error) = await Run(certificate, "--issuer", _ca.CaFile, "--url", "ldap://127.0.0.1/");
        Assert.Equal((2, true), (code, error.Contains("is no http or https URL", StringComparison.Ordinal)));
        await using var server = await FakeStatusServer.StartAsync();
        (code, error) = await Run(
            certificate, "--issuer", _ca.CaFile, "--url", server.Serve("/", "application/ocsp-response", new byte[1024 * 1024 + 1]));
        Assert.Equal((5, true), (code, error.Contains("is longer than 1 MiB", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_answer_that_was_altered_anywhere_is_never_relied_upon(bool isDelegated)
    {
        var certificate = _ca.Issue("asked");
        var question = Question(certificate, useSha1: false, _ca.CaFile, new byte[32]);
        var answer = _ca.Answer(question.Encode(), isDelegated ? _ca.IssueResponder() : _ca.CaFile, "-nmin", "60");
        using var ca = X509CertificateLoader.LoadCertificateFromFile(_ca.CaFile);
        var now = DateTimeOffset.UtcNow;
        Assert.Empty(OcspCheck.Judge(question, OcspAnswer.Read(answer), ca, now).Problems);
        var end = isDelegated ? answer.Length : answer.AsSpan().LastIndexOf(ca.RawData);
        for (var i = 0; i < end; i++)
        {
            foreach (var bit in new[] { 0x01, 0x80 })
            {
                var altered = (byte[])answer.Clone();
                altered[i] ^= (byte)bit;
                try
                {
                    Assert.NotEmpty(OcspCheck.Judge(question, OcspAnswer.Read(altered), ca, now).Problems);
                }
                catch (StatusClientException refused)
                {
                    Assert.Equal(StatusFault.Unusable, refused.Fault);
                }
            }
        }
    }

    // Takes the last certificate out of what the CA knows.
    private static string Forget(OpenSslCa ca, string certificate)
    {
        var rows = File.ReadAllLines(ca.Path("index.txt"));
        File.WriteAllLines(ca.Path("index.txt"), rows[..^1]);
        return certificate;
    }

    private static string Serial(string certificate) => OpenSsl.Run("x509", "-in", certificate, "-noout", "-serial").Trim().Split('=')[1];

    private byte[] Request(string certificate, bool useSha1, string? issuer = null, byte[]? nonce = null) =>
        Question(certificate, useSha1, issuer ?? _ca.CaFile, nonce).Encode();

    private static OcspQuestion Question(string certificate, bool useSha1, string issuer, byte[]? nonce)
    {
        using var asked = X509CertificateLoader.LoadCertificateFromFile(certificate);
        using var ca = X509CertificateLoader.LoadCertificateFromFile(issuer);
        return new OcspQuestion(CertificateId.Of(asked, ca, useSha1), nonce);
    }

    private async Task RefusesAsync(string certificate, Func<byte[], byte[]> answer, string problem, params string[] options)
    {
        var run = await QueryAsync(certificate, answer, options);
        Assert.True(run.Code == 6, problem + run.Output + run.Error);
        Assert.Contains("Problem: ", run.Output, StringComparison.Ordinal);
        Assert.Contains(problem, run.Output, StringComparison.Ordinal);
        Assert.EndsWith("The answer may not be relied upon.\n", run.Output, StringComparison.Ordinal);
    }

    private async Task<StatusRun> QueryAsync(string certificate, Func<byte[], byte[]> answer, params string[] options)
    {
        await using var server = await FakeStatusServer.StartAsync();
        return await QueryAsync([certificate, "--issuer", _ca.CaFile, "--url", server.ServeOcsp("/", answer), .. options]);
    }

    private static Task<StatusRun> QueryAsync(params string[] arguments) => StatusRun.OfAsync(OcspQueryCommand.Create(), arguments);
}
