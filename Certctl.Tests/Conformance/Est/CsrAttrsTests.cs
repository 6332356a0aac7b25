using System.Text;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.Crypto.Est;
using Xunit;

namespace Certctl.Tests.Conformance.Est;

/// <summary>csrattrs (RFC 7030 §4.5, RFC 9908) from outside: curl asks, openssl reads and makes the request.</summary>
[Collection(nameof(EstKeyCollection))]
public sealed class CsrAttrsTests(ServerKeyServer server) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    [Trait("Conformance", "E-A1")]
    [Trait("Conformance", "E-A2")]
    [Trait("Conformance", "E-A4")]
    public void A_request_made_of_csrattrs_is_enrolled_by_the_list_and_by_the_template()
    {
        // Without credentials, and without a certificate.
        var (status, headers, body) = server.Curl("est/keys/csrattrs", _folder, "--http1.1");
        Assert.Equal("200", status);
        Assert.Matches("(?i)content-type: application/csrattrs\r\n", headers);
        Assert.Matches($"(?i)content-length: {body.Length}\r\n", headers);
        var text = Encoding.ASCII.GetString(body);
        Assert.All(text.Split('\n'), line => Assert.True(line.Length <= 76));
        var der = Convert.FromBase64String(text);
        File.WriteAllBytes(_folder["attributes"], der);
        var read = OpenSsl.Run("asn1parse", "-inform", "DER", "-in", _folder["attributes"]);
        Assert.Contains(":rsaEncryption", read, StringComparison.Ordinal);
        Assert.Contains(":1.2.840.113549.1.9.16.2.61", read, StringComparison.Ordinal);

        foreach (var stated in new[] { StatedRequest.OfList(der), StatedRequest.OfTemplate(der) })
            Enrols("keys", stated, "--user", $"device:{ServerKeyServer.Password}");
    }

    [Fact]
    [Trait("Conformance", "E-A4")]
    public void Where_a_challengePassword_is_the_only_credential_it_is_stated()
    {
        var der = Convert.FromBase64String(Encoding.ASCII.GetString(server.Curl("est/plain/csrattrs", _folder).Body));
        var stated = StatedRequest.OfList(der);
        Assert.True(stated.WantsChallenge);
        Assert.DoesNotContain("1.2.840.113549.1.9.16.2.61", stated.Attributes.Keys);
        stated.Challenge = ServerKeyServer.Password;
        Enrols("plain", stated);
    }

    private void Enrols(string label, StatedRequest stated, params string[] more)
    {
        File.WriteAllText(_folder["base64"], Convert.ToBase64String(stated.MakeRequest(_folder, stated.Keys.Count - 1)));
        var (status, _, body) = server.Curl(
            $"est/{label}/simpleenroll", _folder,
            ["--header", "Content-Type: application/pkcs10", "--data-binary", "@" + _folder["base64"], .. more]);
        Assert.True(status == "200", $"{status} {Encoding.ASCII.GetString(body)}");
    }
}
