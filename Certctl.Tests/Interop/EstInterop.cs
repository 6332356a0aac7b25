using System.Security.Cryptography.X509Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Persistence;
using Certctl.Tests.Api.Hosting;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Fixtures.Databases;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Certctl.Tests.Interop;

public sealed class EstInteropOnSqlite : EstInterop;

public sealed class EstInteropOnPostgres : EstInterop
{
    private readonly PostgresFixture _databases = new();

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        await _databases.DisposeAsync();
    }

    protected override async Task<(bool IsThere, string? Connection)> DatabaseAsync()
    {
        await _databases.InitializeAsync();
        return _databases.IsAvailable ? (true, _databases.ConnectionString) : (false, null);
    }
}

/// <summary>
/// A server for EST clients of several makers, one for all tests of a class: <c>now</c> takes a password or a certificate of its own CA and
/// makes keys, at <c>wait</c> operators decide, <c>line</c> and <c>later</c> are the same with answers in one line.
/// </summary>
public abstract class EstInterop : IAsyncLifetime
{
    internal const string Password = "interop-password";
    internal const string Curl = "/usr/bin/curl";

    private CertctlHost? _server;

    internal bool IsLeftOut => _server is null;

    internal CertctlHost Server => _server ?? throw new InvalidOperationException("Ask IsLeftOut first.");

    internal string Authority => Server.Url.ToString().TrimEnd('/');

    public async Task InitializeAsync()
    {
        if (!ExternalTool.AllPresent(Curl, "/usr/bin/openssl") || await DatabaseAsync() is not (true, var database))
            return;
        _server = await CertctlHost.StartAsync(database,
        [
            ("CERTCTL_EST_ENABLED", "true"), ("CERTCTL_EST_PROFILES", "now,wait,line,later"),
            .. Endpoint("NOW", "basic,mtls"), ("CERTCTL_EST_PROFILE_NOW_SERVERKEYGEN_ENABLED", "true"),
            .. Endpoint("WAIT", "basic,approval"),
            .. Endpoint("LINE", "basic"), ("CERTCTL_EST_PROFILE_LINE_BASE64_LINE_BREAKS", "false"),
            .. Endpoint("LATER", "basic,approval"), ("CERTCTL_EST_PROFILE_LATER_BASE64_LINE_BREAKS", "false"),
        ]);
    }

    public virtual async Task DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
    }

    internal string Url(string label) => $"{Authority}/.well-known/est/{label}";

    internal string At(string name) => Path.Combine(Server.Folder, name);

    /// <summary>As device makers script it: the status, with the body in a file.</summary>
    internal string Ask(string path, string answer, params string[] more) => ExternalTool.RunIn(
        Server.Folder, Curl, ["--silent", "--show-error", "--cacert", Server.CaFile, "--output", At(answer), "--write-out", "%{http_code}",
            .. more, $"{Authority}/.well-known/est/{path}"]).MustSucceed().Output;

    /// <summary>Requests by openssl: NAME.key, NAME.csr in PEM and NAME.b64.</summary>
    internal string[] Request(string name, string subject, params string[] key)
    {
        OpenSsl.Run(["req", "-new", .. key, "-nodes", "-subj", subject, "-keyout", At(name + ".key"), "-out", At(name + ".csr")]);
        OpenSsl.Run("req", "-in", At(name + ".csr"), "-outform", "DER", "-out", At(name + ".der"));
        OpenSsl.Run("base64", "-in", At(name + ".der"), "-out", At(name + ".b64"));
        return ["-H", "Content-Type: application/pkcs10", "--data-binary", "@" + At(name + ".b64")];
    }

    /// <summary>What openssl reads in an answer: NAME.b64 becomes NAME.crt.</summary>
    internal string Certificates(string name)
    {
        OpenSsl.Run("base64", "-d", "-in", At(name + ".b64"), "-out", At(name + ".p7"));
        OpenSsl.Run("pkcs7", "-inform", "DER", "-in", At(name + ".p7"), "-print_certs", "-out", At(name + ".crt"));
        return At(name + ".crt");
    }

    /// <summary>openssl accepts the chain, and the key is the certificate's.</summary>
    internal void Verify(string certificate, string cas, string key)
    {
        OpenSsl.Run("verify", "-x509_strict", "-CAfile", At(cas), certificate);
        Assert.Equal(
            OpenSsl.Run("x509", "-in", certificate, "-noout", "-pubkey"), OpenSsl.Run("pkey", "-in", key, "-pubout"));
    }

    internal static string SerialOf(string file)
    {
        using var certificate = X509CertificateLoader.LoadCertificateFromFile(file);
        return certificate.SerialNumber.ToLowerInvariant();
    }

    /// <summary>By the operator's verb, as one of the name waits.</summary>
    internal async Task ApproveAsync(string subject)
    {
        await using var db = await Server.Database.GetRequiredService<IDbContextFactory<CertctlDbContext>>().CreateDbContextAsync();
        var pending = await db.Enrolments.AsNoTracking()
            .SingleAsync(enrolment => enrolment.State == EnrolmentState.Pending && enrolment.Subject == subject);
        (await CommandLine.RunAsync(
            new Dictionary<string, string> { ["CERTCTL_DATABASE_URL"] = Server.DatabaseUrl },
            ["approvals", "approve", pending.Id.ToString()])).MustSucceed();
    }

    protected virtual Task<(bool IsThere, string? Connection)> DatabaseAsync() => Task.FromResult((true, (string?)null));

    private static (string, string)[] Endpoint(string label, string modes)
    {
        var prefix = $"CERTCTL_EST_PROFILE_{label}_";
        return
        [
            (prefix + "ISSUER_ID", "iss-local"), (prefix + "ALLOWED_AUTH_MODES", modes), (prefix + "ENROLLMENT_PASSWORD", Password),
            (prefix + "MTLS_ENABLED", "true"), (prefix + "MTLS_CLIENT_CA_TRUST_BUNDLE_PATH", "data/ca.crt"),
        ];
    }
}
