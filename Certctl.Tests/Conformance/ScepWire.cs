using System.Formats.Asn1;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Certctl.Application.Enrolments;
using Certctl.Domain.Enrolments;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Fixtures.Databases;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Xunit;

namespace Certctl.Tests.Conformance;

/// <summary>
/// A device on the wire: HTTPS to the real executable, requests by <see cref="ForgedRequest"/>,
/// answers read with the platform's CMS. Shares no code with the server.
/// </summary>
internal sealed class ScepWire : IDisposable
{
    public const string ChallengeOid = "1.2.840.113549.1.9.7";

    private readonly HttpClient _http;

    public ScepWire(
        Uri server, string caFile, string path = "/scep", SslStreamCertificateContext? client = null, IPAddress? from = null,
        SslProtocols tls = SslProtocols.Tls13)
    {
        Server = server;
        Path = path;
        _http = NewClient(caFile, client, from, tls);
    }

    public Uri Server { get; }

    public string Path { get; }

    public HttpClient Http => _http;

    /// <param name="client">What the TLS client shows when it is asked; null: nothing.</param>
    /// <param name="from">The address of this machine that the server is to see; null: whichever.</param>
    public static HttpClient NewClient(
        string caFile, SslStreamCertificateContext? client = null, IPAddress? from = null, SslProtocols tls = SslProtocols.Tls13)
    {
        var root = X509CertificateLoader.LoadCertificateFromFile(caFile);
        return new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            ConnectCallback = from is null
                ? null
                : (context, cancellationToken) => ConnectAsync(from, context.DnsEndPoint, cancellationToken),
            SslOptions = new SslClientAuthenticationOptions
            {
                EnabledSslProtocols = tls,
                ClientCertificateContext = client,
                CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    CustomTrustStore = { root },
                    RevocationMode = X509RevocationMode.NoCheck,
                },
            },
        });
    }

    private static async ValueTask<Stream> ConnectAsync(IPAddress from, DnsEndPoint to, CancellationToken cancellationToken)
    {
        var socket = new Socket(from.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(from, 0));
        await socket.ConnectAsync(to.Host, to.Port, cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }

    /// <summary>
    /// What <c>/ready</c> says once it is 200: its look at the database has a bound of seconds, which a cold process on a busy machine may pass.
    /// </summary>
    public async Task<string> ReadyAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (true)
        {
            using var answer = await _http.GetAsync(new Uri(Server, "/ready"), patience.Token);
            if (answer.IsSuccessStatusCode)
                return await answer.Content.ReadAsStringAsync(patience.Token);
            await Task.Delay(50, patience.Token);
        }
    }

    /// <summary>The certificates of GetCACert in the order of the bag.</summary>
    public async Task<List<X509Certificate2>> CaCertificatesAsync()
    {
        var bag = new X509Certificate2Collection();
        var body = await _http.GetByteArrayAsync(new Uri(Server, Path + "?operation=GetCACert"));

        // SignedCms keeps the order of the bag.
        var signed = new SignedCms();
        signed.Decode(body);
        bag.AddRange(signed.Certificates);
        return [.. bag];
    }

    /// <summary>The first certificate of GetCACert that may decrypt: to whom requests are encrypted.</summary>
    public async Task<X509Certificate2> RecipientAsync() =>
        (await CaCertificatesAsync()).First(certificate => MayUse(certificate, X509KeyUsageFlags.KeyEncipherment));

    /// <summary>The CA that issues: the first one of GetCACert.</summary>
    public async Task<X509Certificate2> CaAsync() =>
        (await CaCertificatesAsync()).First(certificate => certificate.Extensions.OfType<X509BasicConstraintsExtension>()
            .Any(constraints => constraints.CertificateAuthority));

    private static bool MayUse(X509Certificate2 certificate, X509KeyUsageFlags usage) =>
        certificate.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault() is not { } extension || (extension.KeyUsages & usage) != 0;

    /// <summary>The CA's CRL (RFC 8894 §3.3.5), as openssl tells it once it has verified the CA's signature.</summary>
    public async Task<string> CrlTextAsync(ScepDevice device, string caFile)
    {
        var ca = await CaAsync();
        var query = (await RequestAsync(ForgedRequest.IssuerAndSerial(ca), device))
            .Replace(ForgedRequest.MessageTypeOid, ForgedRequest.Printable("22"));
        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(folder["crl"], (await SendAsync(query.Build())).Crl(device));
        Assert.Contains(
            "verify OK",
            Fixtures.OpenSsl.Run("crl", "-inform", "DER", "-in", folder["crl"], "-CAfile", caFile, "-noout"),
            StringComparison.Ordinal);
        return Fixtures.OpenSsl.Run("crl", "-inform", "DER", "-in", folder["crl"], "-noout", "-text");
    }

    /// <summary>A PKCSReq of this device to this server, right in every respect until the test changes it.</summary>
    public async Task<ForgedRequest> RequestAsync(byte[] csr, ScepDevice device) => new()
    {
        Plaintext = csr,
        Recipient = await RecipientAsync(),
        SignerKey = device.Key,
        SignatureOid = device.Key is ECDsa ? "1.2.840.10045.4.3.2" : ForgedRequest.RsaOid,
        SignerCertificate = device.Certificate,
        Certificates = [device.Certificate.RawData],
    };

    public async Task<HttpResponseMessage> PostAsync(
        byte[] message, string? contentType = "application/x-pki-message", string query = "?operation=PKIOperation")
    {
        var content = new ByteArrayContent(message);
        content.Headers.ContentType = contentType is null ? null : MediaTypeHeaderValue.Parse(contentType);
        return await _http.PostAsync(new Uri(Server, Path + query), content);
    }

    /// <summary>
    /// Sends the message and reads the CertRep; comes again, like a device, when a starved machine lets the server give up.
    /// </summary>
    public async Task<CertRepReading> SendAsync(byte[] message)
    {
        using var answer = await PostAgainAsync(message);
        Assert.Equal(System.Net.HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("application/x-pki-message", answer.Content.Headers.ContentType?.ToString());
        var reading = CertRepReading.Of(await answer.Content.ReadAsByteArrayAsync());

        // RFC 8894 §3.2.1.5: the request's senderNonce comes back, where it had one.
        if (reading.Attributes.TryGetValue("2.16.840.1.113733.1.9.6", out var recipientNonce))
            Assert.Equal(ForgedRequest.Nonce, recipientNonce[2..]);
        return reading;
    }

    private async Task<HttpResponseMessage> PostAgainAsync(byte[] message)
    {
        for (var left = 2; ; left--)
        {
            var answer = await PostAsync(message);
            if (left == 0 || answer is not { StatusCode: System.Net.HttpStatusCode.ServiceUnavailable, Headers.RetryAfter.Delta: { } wait })
                return answer;
            Console.WriteLine($"503, again after {wait.TotalSeconds:0} s: {await answer.Content.ReadAsStringAsync()}");
            answer.Dispose();
            await Task.Delay(wait);
        }
    }

    public void Dispose() => _http.Dispose();
}

/// <summary>A device's key with the throw-away certificate that signs its first request.</summary>
internal sealed class ScepDevice(AsymmetricAlgorithm key, X509Certificate2 certificate)
{
    private static readonly Lazy<RSA[]> Keys = new(() => [.. Enumerable.Range(0, 4).Select(_ => RSA.Create(2048))]);

    public AsymmetricAlgorithm Key { get; } = key;

    public X509Certificate2 Certificate { get; } = certificate;

    public RSA Rsa => (RSA)Key;

    /// <summary>One of a few keys that the whole run shares.</summary>
    public static ScepDevice Shared(int key = 0, string subject = "CN=signer") =>
        new(
            Keys.Value[key],
            Request(subject, Keys.Value[key]).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30)));

    public static ScepDevice OfKey(AsymmetricAlgorithm key) =>
        new(key, Request("CN=signer", key).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30)));

    /// <summary>The device after it got <paramref name="certificate"/>.</summary>
    public ScepDevice With(X509Certificate2 certificate) => new(Key, certificate);

    public byte[] Csr(string subject, string? challenge, params string[] dnsNames) =>
        Csr(
            subject,
            challenge is null ? null : ForgedRequest.Der(w => w.WriteCharacterString(UniversalTagNumber.UTF8String, challenge)),
            dnsNames);

    public byte[] Csr(string subject, byte[]? challengeDer, string[] dnsNames, Action<CertificateRequest>? more = null)
    {
        var request = Request(subject, Key);
        if (challengeDer is not null)
            request.OtherRequestAttributes.Add(new AsnEncodedData(new Oid(ScepWire.ChallengeOid), challengeDer));
        if (dnsNames.Length > 0)
        {
            var names = new SubjectAlternativeNameBuilder();
            foreach (var name in dnsNames)
                names.AddDnsName(name);
            request.CertificateExtensions.Add(names.Build());
        }

        more?.Invoke(request);
        return request.CreateSigningRequest();
    }

    private static CertificateRequest Request(string subject, AsymmetricAlgorithm key) => key is RSA rsa
        ? new CertificateRequest(subject, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
        : new CertificateRequest(subject, (ECDsa)key, HashAlgorithmName.SHA256);
}

/// <summary>A CertRep as the platform reads it, its signature verified.</summary>
internal sealed record CertRepReading(Dictionary<string, byte[]> Attributes, byte[] Content, X509Certificate2 Signer, byte[] Raw)
{
    public string Status => Text("2.16.840.1.113733.1.9.3");

    public string FailInfo => Text("2.16.840.1.113733.1.9.4");

    public string FailInfoText => Text("1.3.6.1.5.5.7.24.1");

    public string TransactionId => Text("2.16.840.1.113733.1.9.7");

    public static CertRepReading Of(byte[] body)
    {
        var signed = new SignedCms();
        signed.Decode(body);
        var signer = Assert.Single(signed.SignerInfos.Cast<SignerInfo>());
        signer.CheckSignature(verifySignatureOnly: true);
        var attributes = signer.SignedAttributes.Cast<CryptographicAttributeObject>()
            .ToDictionary(a => a.Oid.Value!, a => Assert.Single(a.Values.Cast<AsnEncodedData>()).RawData);
        var reading = new CertRepReading(attributes, signed.ContentInfo.Content, signer.Certificate!, body);

        // RFC 8894 §3.2.1: what every CertRep says, whatever else it says.
        Assert.Equal("3", reading.Text("2.16.840.1.113733.1.9.2"));
        Assert.Equal(18, attributes["2.16.840.1.113733.1.9.5"].Length);
        return reading;
    }

    public CertRepReading MustFail(string failInfo)
    {
        Assert.Equal(("2", failInfo), (Status, FailInfo));
        Assert.Empty(Content);
        return this;
    }

    /// <summary>Refused for exactly this reason: each has a text of its own.</summary>
    public CertRepReading MustFail(FailureReason reason)
    {
        var row = FailureTable.Of(reason);
        Assert.Equal(row.PublicText, Attributes.ContainsKey("1.3.6.1.5.5.7.24.1") ? FailInfoText : $"pkiStatus {Status}");
        return MustFail(((int)row.FailInfo).ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    public void MustWait(string transactionId)
    {
        Assert.True(Status == "3", $"pkiStatus {Status} {(Status == "2" ? FailInfoText : "")}");
        Assert.Equal(transactionId, TransactionId);
        Assert.Empty(Content);
    }

    /// <summary>The issued certificate, opened with the key of the request's signer.</summary>
    public X509Certificate2 Issued(ScepDevice device)
    {
        Assert.True(Status == "0",
            $"pkiStatus {Status}, failInfo {(Attributes.ContainsKey("2.16.840.1.113733.1.9.4") ? FailInfo + " " + FailInfoText : "-")}");
        var bag = new SignedCms();
        bag.Decode(Open(device));
        return bag.Certificates[0];
    }

    /// <summary>RFC 8894 §4.6.1: the CRL, alone in its SignedData.</summary>
    public byte[] Crl(ScepDevice device)
    {
        Assert.Equal("0", Status);
        var contentInfo = new AsnReader(Open(device), AsnEncodingRules.DER).ReadSequence();
        Assert.Equal(ForgedRequest.SignedDataOid, contentInfo.ReadObjectIdentifier());
        var fields = contentInfo.ReadSequence(ForgedRequest.Context0).ReadSequence();
        Assert.Equal(1, fields.ReadInteger());
        Assert.False(fields.ReadSetOf().HasData);
        Assert.Equal(ForgedRequest.DataOid, fields.ReadSequence().ReadObjectIdentifier());
        var crls = fields.ReadSetOf(new Asn1Tag(TagClass.ContextSpecific, 1));
        var crl = crls.ReadEncodedValue().ToArray();
        Assert.False(crls.HasData);
        Assert.False(fields.ReadSetOf().HasData);
        return crl;
    }

    /// <summary>
    /// What the envelope holds for the key of the request's signer. The platform's CMS knows no key agreement, openssl does.
    /// </summary>
    private byte[] Open(ScepDevice device)
    {
        if (device.Key is ECDsa ec)
        {
            using var folder = new TemporaryFolder();
            File.WriteAllText(folder["key"], ec.ExportPkcs8PrivateKeyPem());
            File.WriteAllText(folder["certificate"], device.Certificate.ExportCertificatePem());
            File.WriteAllBytes(folder["envelope"], Content);
            Fixtures.OpenSsl.Run(
                "cms", "-decrypt", "-inform", "DER", "-binary", "-in", folder["envelope"], "-recip", folder["certificate"], "-inkey",
                folder["key"], "-out", folder["content"]);
            return File.ReadAllBytes(folder["content"]);
        }

        var envelope = new EnvelopedCms();
        envelope.Decode(Content);
        envelope.Decrypt(envelope.RecipientInfos[0], device.Key);
        return envelope.ContentInfo.Content;
    }

    private string Text(string oid)
    {
        var value = Attributes[oid];
        return Encoding.UTF8.GetString(value.AsSpan(2));
    }
}

/// <summary>One quickstart server a class, on SQLite.</summary>
public class ScepServerFixture : IAsyncLifetime
{
    internal const string PreviousChallenge = "the challenge before this one";

    private CertctlHost? _server;
    private string? _postgres;

    internal CertctlHost Server => _server!;

    internal ScepWire Wire { get; private set; } = null!;

    internal string Challenge => Server.Challenge;

    public async Task InitializeAsync()
    {
        _postgres = await PostgresAsync();
        // As serve has it: quickstart by itself lists a capability more.
        _server = await CertctlHost.StartAsync(
            _postgres, ("CERTCTL_SCEP_CHALLENGE_PASSWORD_PREVIOUS", PreviousChallenge), ("CERTCTL_SCEP_CLIENT_PRESET", "default"));
        Wire = _server.Connect();
    }

    public virtual async Task DisposeAsync()
    {
        Wire.Dispose();
        await Server.DisposeAsync();
    }

    internal async Task<X509Certificate2> EnrolAsync(ScepDevice device, string subject, params string[] dnsNames)
    {
        var request = await Wire.RequestAsync(device.Csr(subject, Challenge, dnsNames), device);
        return (await Wire.SendAsync(request.Build())).Issued(device);
    }

    internal long Count(string sql) =>
        Ask(sql, command => Convert.ToInt64(command.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture));

    /// <summary>Changes the server's database behind its back; how many rows.</summary>
    internal int Change(string sql) => Ask(sql, command => command.ExecuteNonQuery());

    /// <summary>A moment before every certificate's end, as the database writes it.</summary>
    internal virtual string LongAgo => "0";

    /// <summary>Npgsql's connection string; null for SQLite.</summary>
    protected virtual Task<string?> PostgresAsync() => Task.FromResult<string?>(null);

    private T Ask<T>(string sql, Func<System.Data.Common.DbCommand, T> ask)
    {
        using System.Data.Common.DbConnection connection = _postgres is null
            ? new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Server.DatabaseFile}")
            : new Npgsql.NpgsqlConnection(_postgres);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return ask(command);
    }
}

/// <summary>The same on PostgreSQL; without one its tests fail, and ./test.sh installs it.</summary>
public sealed class PostgresScepServerFixture : ScepServerFixture
{
    private readonly PostgresFixture _databases = new();

    internal override string LongAgo => "'2001-01-01T00:00:00Z'";

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        await _databases.DisposeAsync();
    }

    protected override async Task<string?> PostgresAsync()
    {
        await _databases.InitializeAsync();
        return _databases.ConnectionString;
    }
}
