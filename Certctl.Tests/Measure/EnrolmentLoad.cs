using System.Formats.Asn1;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Certctl.Tests.Conformance;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Xunit;

namespace Certctl.Tests.Measure;

/// <summary>
/// Requests of a pool of devices, by SCEP or EST, each a request of its own, sent over TLS connections that stay open.
/// </summary>
internal sealed class EnrolmentLoad : IDisposable
{
    private readonly HttpClient _http;
    private readonly Uri _url;
    private readonly int _connections;
    private readonly string _contentType;
    private readonly int _minAnswer;

    private EnrolmentLoad(Uri url, string caFile, int connections, string contentType, int minAnswer)
    {
        var root = X509CertificateLoader.LoadCertificateFromFile(caFile);
        (_url, _connections, _contentType, _minAnswer) = (url, connections, contentType, minAnswer);
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

    /// <summary>PKCSReq messages. A CertRep with a certificate in it; a FAILURE has no envelope and is far shorter.</summary>
    public static EnrolmentLoad OfScep(Uri server, string caFile, int connections) =>
        new(new Uri(server, "/scep?operation=PKIOperation"), caFile, connections, "application/x-pki-message", minAnswer: 2500);

    /// <summary>simpleenroll with HTTP Basic.</summary>
    public static EnrolmentLoad OfEst(Uri server, string caFile, int connections, string password)
    {
        var load = new EnrolmentLoad(
            new Uri(server, "/.well-known/est/simpleenroll"), caFile, connections, "application/pkcs10", minAnswer: 900);
        load._http.DefaultRequestHeaders.Authorization =
            new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(":" + password)));
        return load;
    }

    /// <summary>For EST, as strings of base64.</summary>
    /// <param name="keys">As for <see cref="Messages"/>.</param>
    public static byte[][] Requests(int keys, int count) =>
        OfPool(keys, count, (device, number) => Encoding.ASCII.GetBytes(Convert.ToBase64String(device.Pkcs10(number))));

    /// <param name="keys">Size of the pool: the server remembers which RSA keys it has examined,
    /// and one key alone would flatter it.</param>
    public static byte[][] Messages(X509Certificate2 ra, string challenge, int keys, int count)
    {
        var attribute = ForgedRequest.Der(w => w.WriteCharacterString(UniversalTagNumber.UTF8String, challenge));
        return OfPool(keys, count, (device, number) => device.Message(ra, attribute, number));
    }

    /// <summary>Sends each message once, and checks that each is answered with a certificate.</summary>
    public Task SendAsync(byte[][] messages) => Parallel.ForEachAsync(
        messages,
        new ParallelOptions { MaxDegreeOfParallelism = _connections },
        async (message, cancellationToken) =>
        {
            using var content = new ByteArrayContent(message)
            {
                Headers = { ContentType = new MediaTypeHeaderValue(_contentType) },
            };
            using var answer = await _http.PostAsync(_url, content, cancellationToken);
            var body = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
            Assert.True(answer.StatusCode == HttpStatusCode.OK && body.Length > _minAnswer, $"{answer.StatusCode}, {body.Length} octets");
        });

    public void Dispose() => _http.Dispose();

    private static byte[][] OfPool(int keys, int count, Func<Device, int, byte[]> make)
    {
        var requests = new byte[count][];
        Parallel.For(0, keys, first =>
        {
            using var device = new Device(first);
            for (var i = first; i < count; i += keys)
                requests[i] = make(device, i);
        });
        return requests;
    }

    private sealed class Device : IDisposable
    {
        private readonly RSA _key = RSA.Create(2048);
        private readonly X509Certificate2 _self;

        public Device(int number) =>
            _self = new CertificateRequest($"CN=load-{number}", _key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
                .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));

        public byte[] Pkcs10(int number) => Named(number).CreateSigningRequest();

        public byte[] Message(X509Certificate2 ra, byte[] challenge, int number)
        {
            var request = Named(number);
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

        private CertificateRequest Named(int number) =>
            new($"CN=device-{number},O=Load", _key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
    }
}
