using System.Net.Http.Headers;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Certctl.Infrastructure.EstClient;
using Certctl.Infrastructure.EstClient.Messages;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Certctl.Tests.Infrastructure.ScepClient;
using Xunit;
using Xunit.Abstractions;

namespace Certctl.Tests.Infrastructure.EstClient;

/// <summary>The bodies of EST as the client reads them: base64, certs-only, multipart.</summary>
public sealed class EstMessageTests(ITestOutputHelper output)
{
    private const string Pkcs7 = "application/pkcs7-mime";

    [Theory]
    [InlineData("A1_cacerts_response.b64", 4)]
    [InlineData("A3_simpleenroll_response.b64", 1)]
    public void The_answers_of_RFC_7030_appendix_A_are_read(string file, int count)
    {
        if (TestVectors.Find("est-rfc7030-appendix-a/" + file, output) is not { } path)
            return;
        var answer = Answer(Pkcs7, File.ReadAllText(path));

        Assert.Equal(count, CertsOnly.Read(EstStage.CaCerts, answer).Count);
    }

    [Theory]
    [InlineData("MIIB\r\n AAA=\t\n", null)]
    [InlineData("MIIB AAA", "no base64")]
    [InlineData("MIIB-_A=", "no base64")]
    [InlineData("MIIBAAA=garbage", "no base64")]
    [InlineData("-----BEGIN PKCS7-----\nMIIBAAA=\n-----END PKCS7-----\n", "is PEM")]
    [InlineData(" \r\n", "is empty")]
    public void White_space_may_stand_anywhere_in_base64_and_nothing_else(string text, string? why)
    {
        if (why is null)
            Assert.Equal(new byte[] { 0x30, 0x82, 0x01, 0x00, 0x00 }, EstBody.Decode(EstStage.Verify, "it", Encoding.ASCII.GetBytes(text)));
        else
            Assert.Contains(why, Refusal(() => EstBody.Decode(EstStage.Verify, "it", Encoding.ASCII.GetBytes(text))).Message,
                StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a signer", "with a signer")]
    [InlineData("bare DER", "bare DER")]
    [InlineData("trailing octets", "octets follow")]
    [InlineData("no certificate", "holds 0 certificates")]
    [InlineData("another type", "Content-Type")]
    [InlineData("another smime-type", "Content-Type")]
    [InlineData("garbage", "no certs-only SignedData")]
    public void A_bag_that_is_more_or_less_than_certificates_is_refused(string what, string why)
    {
        var good = FakeEstServer.CertsOnly(FakePki.Ca);
        var answer = what switch
        {
            "a signer" => Answer(Pkcs7, Convert.ToBase64String(Signed())),
            "bare DER" => new EstAnswer { Status = 200, Type = new MediaTypeHeaderValue(Pkcs7), Body = good },
            "trailing octets" => Answer(Pkcs7, Convert.ToBase64String([.. good, 0, 0])),
            "no certificate" => Answer(Pkcs7, Convert.ToBase64String(FakeEstServer.CertsOnly())),
            "another type" => Answer("text/html", Convert.ToBase64String(good)),
            "another smime-type" => Answer(Pkcs7 + "; smime-type=enveloped-data", Convert.ToBase64String(good)),
            _ => Answer(Pkcs7, Convert.ToBase64String(Encoding.ASCII.GetBytes("garbage"))),
        };

        var refusal = Refusal(() => CertsOnly.Read(EstStage.Verify, answer));

        Assert.Equal(EstFault.Untrusted, refusal.Fault);
        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\r\n")]
    [InlineData("\n")]
    public void The_parts_of_a_multipart_body_come_out_octet_for_octet(string end)
    {
        var text = string.Join(end,
            "preamble", "--a b?", "content-type: application/pkcs8", "X-Folded: a", " b", "", "one", "--a b", "",
            "--a b? ", "Content-Type: application/pkcs7-mime;", "\tsmime-type=certs-only", "", "--a b?--", "", "");

        var parts = MultipartMixed.Read(EstStage.Verify, Answer("multipart/mixed; boundary=\"a b?\"", text));

        Assert.Equal(["one" + end + "--a b" + end, ""], parts.Select(part => Encoding.ASCII.GetString(part.Body.Span)));
        Assert.Equal("application/pkcs8", parts[0].Type!.MediaType);
        Assert.Equal("certs-only", EstAnswer.Parameter(parts[1].Type, "smime-type"));
    }

    [Theory]
    [InlineData("multipart/mixed; boundary=b", "--b\r\nA: 1\r\n\r\nx\r\n", "closing delimiter is missing")]
    [InlineData("multipart/mixed; boundary=b", "--b\r\nA: 1\r\n", "breaks off in the header")]
    [InlineData("multipart/mixed; boundary=b", "--b\r\nnonsense\r\n\r\nx\r\n--b--", "without a name")]
    [InlineData("multipart/mixed; boundary=b", "--b\r\nContent-Type: a/b\r\nContent-Type: a/c\r\n\r\nx\r\n--b--", "two Content-Types")]
    [InlineData("multipart/mixed; boundary=b", "--b\r\n\r\nx\r\n--b--\r\nmore", "follows its closing")]
    [InlineData("multipart/mixed; boundary=b", "--b\n\n\n--b\n\n\n--b\n\n\n--b\n\n\n--b\n\n\n--b--", "more than 4 parts")]
    [InlineData("multipart/mixed", "--b--", "boundary")]
    [InlineData("multipart/mixed; boundary=\"\"", "----", "boundary")]
    [InlineData("multipart/related; boundary=b", "--b--", "not multipart/mixed")]
    public void A_multipart_body_that_is_not_whole_is_refused(string type, string text, string why) => Assert.Contains(
        why, Refusal(() => MultipartMixed.Read(EstStage.Verify, Answer(type, text))).Message, StringComparison.Ordinal);

    [Fact]
    public void Header_fields_of_a_part_are_bounded()
    {
        var many = string.Concat(Enumerable.Range(0, 17).Select(i => $"A{i}: 1\r\n"));

        foreach (var headers in new[] { many, "A: " + new string('x', 1000) + "\r\n" })
            Assert.Contains("too many or too long", Refusal(() => MultipartMixed.Read(
                EstStage.Verify, Answer("multipart/mixed; boundary=b", $"--b\r\n{headers}\r\nx\r\n--b--"))).Message,
                    StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("text/plain", "line one\r\nline \u001b[2Jtwo\n", "line one / line ?[2Jtwo")]
    [InlineData(null, "no type", "no type")]
    [InlineData("text/html", "<b>x</b>", "(a body of type text/html, which is not shown)")]
    [InlineData("application/pkcs7-mime", "x", "(a CMC response, which is not shown)")]
    public void The_text_of_a_refusal_is_made_safe_to_print(string? type, string text, string shown)
    {
        var answer = new EstAnswer
        {
            Status = 400,
            Type = type is null ? null : MediaTypeHeaderValue.Parse(type),
            Body = Encoding.UTF8.GetBytes(text),
        };

        Assert.Equal(shown, EstRefusal.Of(answer)!.Text);
    }

    private static byte[] Signed()
    {
        using var pair = FakePki.Ca.CopyWithPrivateKey(FakePki.CaKey);
        var message = new SignedCms(new ContentInfo([1, 2, 3]));
        message.ComputeSignature(new CmsSigner(pair));
        return message.Encode();
    }

    private static EstAnswer Answer(string type, string body) => new()
    {
        Status = 200,
        Type = MediaTypeHeaderValue.Parse(type),
        Body = Encoding.ASCII.GetBytes(body),
    };

    private static EstClientException Refusal(Func<object> read) => Assert.Throws<EstClientException>(read);
}
