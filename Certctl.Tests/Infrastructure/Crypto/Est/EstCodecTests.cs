using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Certctl.Application.Enrolments;
using Certctl.Application.Est;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.Est;
using Xunit;
using ShownClient = Certctl.Application.Est.Access.EstClient;

namespace Certctl.Tests.Infrastructure.Crypto.Est;

/// <summary>Bodies of requests as clients write them.</summary>
public sealed class EstCodecTests
{
    private static readonly byte[] Csr = MakeCsr();

    private readonly EstCodec _codec = new();

    [Fact]
    [Trait("Conformance", "E-B3")]
    public void Base64_with_any_white_space_PEM_and_DER_are_the_same_request()
    {
        var base64 = Convert.ToBase64String(Csr);
        var tabbed = string.Join("\t \r\n", base64.Chunk(64).Select(line => new string(line)));
        var pem = PemEncoding.WriteString("CERTIFICATE REQUEST", Csr);
        foreach (var text in new[]
        {
            base64, tabbed, "\r\n" + base64 + "\n\n", pem,
            "a note\n" + pem.Replace("\n", "\r\n", StringComparison.Ordinal),
        })
            Assert.IsType<EstReading.Request>(_codec.ReadRequest(Encoding.ASCII.GetBytes(text)));
        Assert.IsType<EstReading.Request>(_codec.ReadRequest(Csr));
    }

    [Fact]
    [Trait("Conformance", "E-B5")]
    [Trait("Conformance", "E-E14")]
    public void Anything_else_is_refused_and_nothing_throws()
    {
        var urlSafe = Convert.ToBase64String(Csr).Replace('+', '-').Replace('/', '_');
        foreach (var text in new[]
        {
            "", " ", "0", "M", "MII", "=", "{}", "-----BEGIN ", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----",
        })
            Unreadable(Encoding.ASCII.GetBytes(text));
        if (urlSafe != Convert.ToBase64String(Csr))
            Unreadable(Encoding.ASCII.GetBytes(urlSafe));

        // Read in one pass, or it would take minutes.
        var watch = System.Diagnostics.Stopwatch.StartNew();
        foreach (var line in new[] { "-----BEGIN A-----\n", "-----BEGIN CERTIFICATE REQUEST-----\n" })
            Unreadable(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(line, (1 << 20) / line.Length))));
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        var random = new Random(7030);
        for (var i = 0; i < 4000; i++)
        {
            var body = random.Next(2) == 0 ? (byte[])Csr.Clone() : Encoding.ASCII.GetBytes(Convert.ToBase64String(Csr));
            body[random.Next(body.Length)] ^= (byte)(1 << random.Next(8));
            _codec.ReadRequest(body.AsMemory(0, random.Next(body.Length + 1)));
        }
    }

    [Fact]
    [Trait("Conformance", "E-E2")]
    public void A_request_whose_signature_is_wrong_proves_nothing()
    {
        var broken = (byte[])Csr.Clone();
        broken[^1] ^= 1;
        Unreadable(broken);
    }

    [Fact]
    [Trait("Conformance", "E-E6")]
    public void A_request_that_was_corrected_is_another_one_and_one_that_was_signed_anew_is_not()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var (client, server) = ("1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1");
        Assert.Equal(Transaction(client, "a.example", "b.example"), Transaction(client, "b.example", "a.example"));
        Assert.NotEqual(Transaction(client, "a.example"), Transaction(server, "a.example"));

        TransactionId Transaction(string usage, params string[] names)
        {
            var request = new CertificateRequest("CN=codec", key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], critical: false));
            var san = new SubjectAlternativeNameBuilder();
            Array.ForEach(names, san.AddDnsName);
            request.CertificateExtensions.Add(san.Build());
            var reading = Assert.IsType<EstReading.Request>(_codec.ReadRequest(request.CreateSigningRequest()));
            return EstCommand.Transaction(reading.Csr, EnrolmentKind.SimpleEnroll, new ShownClient(new RequestOrigin(null, "r")));
        }
    }

    private void Unreadable(byte[] body) => Assert.Equal(
        FailureReason.RawCsrUnreadable, Assert.IsType<EstReading.Refused>(_codec.ReadRequest(body)).Failure.Reason);

    private static byte[] MakeCsr()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new CertificateRequest("CN=codec", key, HashAlgorithmName.SHA256).CreateSigningRequest();
    }
}
