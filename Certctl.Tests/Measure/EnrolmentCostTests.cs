using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Xunit;
using Xunit.Abstractions;

namespace Certctl.Tests.Measure;

/// <summary>
/// What an enrolment costs the server, as a multiple of the three RSA-2048 private operations in it (RA decrypts, CA signs, RA signs), both measured in
/// one run. ./measure.sh runs it; the test suite leaves it out, because a busy machine would decide about it.
/// </summary>
public sealed class EnrolmentCostTests(PostgresFixture postgres, ITestOutputHelper output) : IClassFixture<PostgresFixture>
{
    private const int WarmUp = 4000;
    private const int WarmUpRounds = 4;
    private const int Measured = 4000;
    private const int Connections = 16;
    private const double Limit = 1.6;

    [Fact]
    [Trait("Category", "Measure")]
    public async Task A_whole_enrolment_costs_the_server_less_than_1_6_times_its_private_key_operations()
    {
        using var folder = new TemporaryFolder();
        using var server = StartOnOneCore(folder.Path, postgres.Url);
        var announced = JsonDocument.Parse((await server.StandardOutput.ReadLineAsync())!).RootElement;
        var log = server.StandardError.ReadToEndAsync();
        try
        {
            var url = announced.GetProperty("scep_url").GetString()! + "?operation=PKIOperation";
            using var ra = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(folder["ra.crt"]));
            var messages = Messages(ra, announced.GetProperty("challenge").GetString()!, WarmUp + Measured);
            using var client = Client(announced.GetProperty("ca_file").GetString()!);
            // The runtime goes on compiling for some ten thousand requests; the repeated ones are answered from the journal.
            for (var round = 0; round < WarmUpRounds; round++)
                await SendAsync(client, url, messages[..WarmUp]);
            var (before, started) = (Cpu(server.Id), Stopwatch.GetTimestamp());
            await SendAsync(client, url, messages[WarmUp..]);
            var elapsed = Stopwatch.GetElapsedTime(started);
            var each = (Cpu(server.Id) - before) / Measured;
            var bound = PrivateOperations();

            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""
                server CPU per enrolment        {each.TotalMilliseconds:F3} ms
                three RSA-2048 private ops      {bound.TotalMilliseconds:F3} ms
                ratio                           {each / bound:F2}
                throughput, server on one core  {Measured / elapsed.TotalSeconds:F0}/s over {Connections} TLS connections
                resident memory                 {server.WorkingSet64 / 1048576} MB
                """));
            Assert.True(each / bound < Limit, $"{each / bound:F2} is not below {Limit}");
        }
        finally
        {
            server.Kill();
            await log;
        }
    }

    private static Process StartOnOneCore(string data, string database)
    {
        var start = new ProcessStartInfo("taskset", ["-c", "0", "dotnet", PublishedExecutable.Dll, "quickstart", "--data", data, "--port", "0", "--ca-key", "rsa-2048", "--json"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["CERTCTL_DATABASE_URL"] = database;
        return Process.Start(start)!;
    }

    private static byte[][] Messages(X509Certificate2 ra, string challenge, int count)
    {
        using var key = RSA.Create(2048);
        var self = new CertificateRequest("CN=load", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        var messages = new byte[count][];
        Parallel.For(0, count, i =>
        {
            var request = new CertificateRequest($"CN=device-{i},O=Load", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            request.OtherRequestAttributes.Add(new AsnEncodedData(new Oid("1.2.840.113549.1.9.7"), ForgedRequest.Der(w => w.WriteCharacterString(System.Formats.Asn1.UniversalTagNumber.UTF8String, challenge))));
            messages[i] = new ForgedRequest { Plaintext = request.CreateSigningRequest(), Recipient = ra, SignerKey = key, SignerCertificate = self, Certificates = [self.RawData] }.Build();
        });
        return messages;
    }

    private static HttpClient Client(string caFile)
    {
        var root = X509CertificateLoader.LoadCertificateFromFile(caFile);
        return new HttpClient(new SocketsHttpHandler
        {
            MaxConnectionsPerServer = Connections,
            SslOptions = new SslClientAuthenticationOptions
            {
                EnabledSslProtocols = SslProtocols.Tls13,
                CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, CustomTrustStore = { root }, RevocationMode = X509RevocationMode.NoCheck },
            },
        });
    }

    private static Task SendAsync(HttpClient client, string url, byte[][] messages) => Parallel.ForEachAsync(
        messages,
        new ParallelOptions { MaxDegreeOfParallelism = Connections },
        async (message, cancellationToken) =>
        {
            using var content = new ByteArrayContent(message) { Headers = { ContentType = new MediaTypeHeaderValue("application/x-pki-message") } };
            using var answer = await client.PostAsync(url, content, cancellationToken);
            var body = await answer.Content.ReadAsByteArrayAsync(cancellationToken);

            // A FAILURE has no envelope: far shorter than a certificate.
            Assert.True(answer.IsSuccessStatusCode && body.Length > 2500, $"{answer.StatusCode}, {body.Length} octets");
        });

    // One decryption and two signatures, on one thread of this process.
    private static TimeSpan PrivateOperations()
    {
        const int Rounds = 1500;
        using var key = RSA.Create(2048);
        var hash = SHA256.HashData([1]);
        var sealedKey = key.Encrypt(hash, RSAEncryptionPadding.Pkcs1);
        for (var i = 0; i < 100; i++)
            key.SignHash(hash, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var before = Cpu(Environment.ProcessId);
        for (var i = 0; i < Rounds; i++)
        {
            key.Decrypt(sealedKey, RSAEncryptionPadding.Pkcs1);
            key.SignHash(hash, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            key.SignHash(hash, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        }

        return (Cpu(Environment.ProcessId) - before) / Rounds;
    }

    private static TimeSpan Cpu(int processId)
    {
        using var process = Process.GetProcessById(processId);
        return process.TotalProcessorTime;
    }
}
