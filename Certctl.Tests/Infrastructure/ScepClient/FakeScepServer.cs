using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Certctl.Tests.Infrastructure.ScepClient;

/// <summary>What the fake server does wrong, or just differently.</summary>
public enum Defect
{
    None,
    WrongNonce,
    WrongTransaction,
    WrongMessageType,
    UnknownStatus,
    SignedByStranger,
    SignedByLookalike,
    BrokenSignature,
    BrokenDigest,
    TwoSigners,
    DuplicateAttribute,
    Md5Digest,
    WrongKey,
    ForeignCa,
    ExpiredLeaf,
    CaLeaf,
    OtherSubject,
    EncryptedToAnother,
    SuccessWithoutContent,
    Garbage,
    WrongContentType,
    HttpError,
    Redirect,
    TooLong,
    Failure,
    FailureWithoutContent,
    FailureWithControlCharacters,
    NoSignerCertificate,
    OldCertificateAgain,
}

/// <summary>One request as the fake server read it.</summary>
public sealed record SeenRequest(
    string Method,
    string MessageType,
    string TransactionId,
    byte[] SenderNonce,
    byte[] Content,
    X509Certificate2 Signer,
    string Digest,
    string Cipher);

/// <summary>
/// A small SCEP server over plain HTTP on loopback, with switches for its defects;
/// the replies are written octet by octet, the requests read by the platform's CMS.
/// </summary>
public sealed class FakeScepServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FakeScepServer(WebApplication app) => _app = app;

    public Defect Defect { get; set; }

    /// <summary>So many requests are answered PENDING first.</summary>
    public int PendingFirst { get; set; }

    /// <summary>So many polls are answered 503 first.</summary>
    public int UnavailablePolls { get; set; }

    public string Capabilities { get; set; } = "POSTPKIOperation\nSHA-256\nSHA-512\nAES\nSCEPStandard\nRenewal\n";

    public string CapabilitiesType { get; set; } = "text/plain";

    public IReadOnlyList<X509Certificate2> CaBag { get; set; } = [FakePki.Ra, FakePki.Ca];

    public string CaBagType { get; set; } = "application/x-x509-ca-ra-cert";

    public ConcurrentQueue<SeenRequest> Seen { get; } = new();

    public Uri Url => new(_app.Urls.First() + "/scep");

    /// <param name="tls">With private key: https instead of http.</param>
    public static async Task<FakeScepServer> StartAsync(X509Certificate2? tls = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        if (tls is null)
            builder.WebHost.UseUrls("http://127.0.0.1:0");
        else
            builder.WebHost.UseKestrelHttpsConfiguration()
                .ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, listener => listener.UseHttps(tls)));
        var app = builder.Build();
        var server = new FakeScepServer(app);
        app.Map("/scep", server.AnswerAsync);
        await app.StartAsync();
        return server;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext http)
    {
        switch (http.Request.Query["operation"])
        {
            case "GetCACaps":
                await WriteAsync(http, CapabilitiesType, System.Text.Encoding.ASCII.GetBytes(Capabilities));
                return;
            case "GetCACert":
                var bag = new X509Certificate2Collection(
                    CaBag.Select(certificate => X509CertificateLoader.LoadCertificate(certificate.RawData)).ToArray());
                await WriteAsync(http, CaBagType, CaBagType.EndsWith("ca-cert", StringComparison.Ordinal) && CaBag.Count == 1
                    ? CaBag[0].RawData
                    : bag.Export(X509ContentType.Pkcs7)!);
                return;
            default:
                await AnswerPkiAsync(http);
                return;
        }
    }

    private async Task AnswerPkiAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        if (HttpMethods.IsPost(http.Request.Method))
            await http.Request.Body.CopyToAsync(body);
        else
            body.Write(Convert.FromBase64String(http.Request.Query["message"]!));
        var seen = Read(http.Request.Method, body.ToArray());
        Seen.Enqueue(seen);

        if (seen.MessageType == "20" && UnavailablePolls-- > 0)
        {
            http.Response.StatusCode = 503;
            return;
        }

        switch (Defect)
        {
            case Defect.HttpError:
                http.Response.StatusCode = 404;
                return;
            case Defect.Redirect:
                http.Response.Redirect("http://127.0.0.1:1/elsewhere");
                return;
            case Defect.Garbage:
                await WriteAsync(http, "application/x-pki-message", RandomNumberGenerator.GetBytes(700));
                return;
            case Defect.TooLong:
                await WriteAsync(http, "application/x-pki-message", new byte[(1024 * 1024) + 1]);
                return;
        }

        var type = Defect == Defect.WrongContentType ? "text/html" : "application/x-pki-message";
        await WriteAsync(http, type, PendingFirst-- > 0 ? new FakeCertRep(seen, Defect).Pending() : new FakeCertRep(seen, Defect).Final());
    }

    private static SeenRequest Read(string method, byte[] der)
    {
        var message = new SignedCms();
        message.Decode(der);
        message.CheckSignature(verifySignatureOnly: true);
        var signer = message.SignerInfos[0];
        var envelope = new EnvelopedCms();
        envelope.Decode(message.ContentInfo.Content);
        envelope.Decrypt(envelope.RecipientInfos[0], FakePki.RaKey);
        return new SeenRequest(
            method, Text(signer, "2"), Text(signer, "7"), Value(signer, "5")[2..], envelope.ContentInfo.Content, signer.Certificate!,
            signer.DigestAlgorithm.Value!, envelope.ContentEncryptionAlgorithm.Oid.Value!);
    }

    private static string Text(SignerInfo signer, string arc) => System.Text.Encoding.ASCII.GetString(Value(signer, arc)[2..]);

    private static byte[] Value(SignerInfo signer, string arc) =>
        signer.SignedAttributes.Cast<CryptographicAttributeObject>()
            .Single(attribute => attribute.Oid.Value == "2.16.840.1.113733.1.9." + arc).Values[0].RawData;

    private static async Task WriteAsync(HttpContext http, string type, byte[] body)
    {
        http.Response.ContentType = type;
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body);
    }
}
