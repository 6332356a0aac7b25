using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Certctl.Tests.Conformance.Est;
using Xunit;

namespace Certctl.Tests.Hostile;

/// <summary>Damaged requests and odd paths of EST: a refusal of the client's each, and no accident.</summary>
[Collection(nameof(EstKeyCollection))]
public sealed class EstMutationTests(ServerKeyServer server)
{
    private const int Seed = 7030;
    private const int Bodies = 400;

    [Fact]
    [Trait("Conformance", "E-E14")]
    [Trait("Conformance", "Z-1")]
    public async Task Hostile_requests_are_never_the_servers_fault()
    {
        using var http = server.Client();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var good = new CertificateRequest("CN=victim", key, HashAlgorithmName.SHA256).CreateSigningRequest();
        var statuses = new Dictionary<HttpStatusCode, int>();
        var wrong = new List<string>();

        await Parallel.ForEachAsync(Enumerable.Range(0, Bodies), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (i, _) =>
        {
            var operation = i % 2 == 0 ? "simpleenroll" : "serverkeygen";
            using var content = new ByteArrayContent(Body(good, i));
            content.Headers.ContentType = new("application/pkcs10");
            var url = new Uri(server.Host.Url, $"/.well-known/est/keys/{operation}");
            using var answer = await http.PostAsync(url, content, CancellationToken.None);
            Note(answer.StatusCode, $"{operation} {i}");
        });
        foreach (var path in Paths())
        {
            using var answer = await http.GetAsync(new Uri($"{server.Host.Url}.well-known/{path}"));
            Note(answer.StatusCode, path);
        }

        Assert.Empty(wrong);
        Assert.True(statuses[HttpStatusCode.BadRequest] > Bodies / 3, string.Join(", ", statuses));
        Assert.DoesNotContain("Exception", server.Host.Log, StringComparison.Ordinal);
        Assert.DoesNotContain(ServerKeyServer.Password, server.Host.Log, StringComparison.Ordinal);

        // 503 with Retry-After is a queue of keys that is full, and no accident.
        void Note(HttpStatusCode status, string what)
        {
            lock (statuses)
            {
                statuses[status] = statuses.GetValueOrDefault(status) + 1;
                if ((int)status >= 500 && status != HttpStatusCode.ServiceUnavailable)
                    wrong.Add($"{what}: {(int)status}");
            }
        }
    }

    // In each form in which a body may come: base64, PEM, DER; damaged in the DER or in the text, cut or padded.
    private static byte[] Body(byte[] good, int i)
    {
        var random = new Random(Seed + i);
        var der = (byte[])good.Clone();
        for (var changes = random.Next(4); changes > 0; changes--)
            der[random.Next(der.Length)] = (byte)random.Next(256);
        var body = (i / 2 % 4) switch
        {
            0 => Encoding.ASCII.GetBytes(Convert.ToBase64String(der)),
            1 => Encoding.ASCII.GetBytes(PemEncoding.WriteString("CERTIFICATE REQUEST", der)),
            2 => der,
            _ => random.GetItems("MIIA+/= \r\n-_%0"u8.ToArray(), random.Next(1, 2000)),
        };
        return (i / 8 % 4) switch
        {
            0 => body[..random.Next(1, body.Length)],
            1 => [.. body, .. random.GetItems("\0=\n MII"u8.ToArray(), random.Next(1, 30))],
            _ => body,
        };
    }

    private static IEnumerable<string> Paths() =>
    [
        "est", "est/", "est//", "est//cacerts", "est/keys", "est/keys/", "est/keys/keys/cacerts", "est/keys/cacerts/", "est/KEYS/cacerts",
        "est/..%2fcacerts", "est/keys%2fcacerts", "est/%00/cacerts", "est/keys/csrattrs?x=%ff", "est/keys/simpleenroll", "est/fullcmc",
        "est/keys/fullcmc", "est-mtls/keys/csrattrs", "est-mtls/plain/cacerts", "est-mtls/csrattrs", "est/cacerts/cacerts",
        "est/" + new string('a', 2000) + "/cacerts", "est/keys/" + new string('b', 2000),
    ];
}
