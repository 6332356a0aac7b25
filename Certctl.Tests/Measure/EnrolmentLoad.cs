using System.Formats.Asn1;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Tests.Conformance;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Xunit;

namespace Certctl.Tests.Measure;

/// <summary>PKCSReq messages of a pool of devices, each message a request of its own, sent over TLS connections that stay open.</summary>
internal sealed class EnrolmentLoad : IDisposable
{
    // A CertRep with a certificate in it; a FAILURE has no envelope and is far shorter.
    private const int MinCertRepSize = 2500;

    private readonly HttpClient _http;
    private readonly Uri _url;
    private readonly int _connections;

    public EnrolmentLoad(Uri server, string caFile, int connections)
    {
        var root = X509CertificateLoader.LoadCertificateFromFile(caFile);
        (_url, _connections) = (new Uri(server, "/scep?operation=PKIOperation"), connections);
        _http = new HttpClient(new SocketsHttpHandler
        {
            MaxConnectionsPerServer = connections,
            SslOptions = new SslClientAuthenticationOptions
            {
                EnabledSslProtocols = SslProtocols.Tls13,
                CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    CustomTrustStore = { root },
                    RevocationMode = X509RevocationMode.NoCheck,
                },
            },
        });
    }

    /// <param name="keys">Size of the pool: the server remembers which RSA keys it has examined,
    /// and one key alone would flatter it.</param>
    public static byte[][] Messages(X509Certificate2 ra, string challenge, int keys, int count)
    {
        var attribute = ForgedRequest.Der(w => w.WriteCharacterString(UniversalTagNumber.UTF8String, challenge));
        var devices = new Device[keys];
        Parallel.For(0, keys, i => devices[i] = new Device(i));
        var messages = new byte[count][];
        Parallel.For(0, keys, first =>
        {
            for (var i = first; i < count; i += keys)
                messages[i] = devices[first].Request(ra, attribute, i);
        });
        foreach (var device in devices)
            device.Dispose();
        return messages;
    }

    /// <summary>Sends each message once, and checks that each is answered with a certificate.</summary>
    public Task SendAsync(byte[][] messages) => Parallel.ForEachAsync(
        messages,
        new ParallelOptions { MaxDegreeOfParallelism = _connections },
        async (message, cancellationToken) =>
        {
            using var content = new ByteArrayContent(message)
            {
                Headers = { ContentType = new MediaTypeHeaderValue("application/x-pki-message") },
            };
            using var answer = await _http.PostAsync(_url, content, cancellationToken);
            var body = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
            Assert.True(answer.IsSuccessStatusCode && body.Length > MinCertRepSize, $"{answer.StatusCode}, {body.Length} octets");
        });

    public void Dispose() => _http.Dispose();

    private sealed class Device : IDisposable
    {
        private readonly RSA _key = RSA.Create(2048);
        private readonly X509Certificate2 _self;

        public Device(int number) =>
            _self = new CertificateRequest($"CN=load-{number}", _key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
                .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));

        public byte[] Request(X509Certificate2 ra, byte[] challenge, int number)
        {
            var request = new CertificateRequest($"CN=device-{number},O=Load", _key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            request.OtherRequestAttributes.Add(new AsnEncodedData(new Oid(ScepWire.ChallengeOid), challenge));
            return new ForgedRequest
            {
                Plaintext = request.CreateSigningRequest(),
                Recipient = ra,
                SignerKey = _key,
                SignerCertificate = _self,
                Certificates = [_self.RawData],
            }.Build();
        }

        public void Dispose()
        {
            _self.Dispose();
            _key.Dispose();
        }
    }
}
