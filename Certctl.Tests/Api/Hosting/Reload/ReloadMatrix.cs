using System.Buffers.Text;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Certctl.Domain.Audit;
using Certctl.Infrastructure.Persistence;
using Certctl.Tests.Conformance;
using Certctl.Tests.Conformance.Mtls;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.Compliance;
using Certctl.Tests.Infrastructure.Publication.Ocsp;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Certctl.Tests.Api.Hosting.Reload;

/// <summary>
/// One server with everything that a reload can exchange: profile <c>a</c> has RA, mTLS, connectors and challenge of its own, <c>b</c>,
/// <c>c</c> and <c>d</c> ask a compliance service by certificate, by token, and with a CA bundle that the test exchanges.
/// </summary>
public sealed class ReloadMatrix : IAsyncLifetime, IDisposable
{
    internal const string Admin = "key-of-the-admin-0123456789abcdef";

    private static readonly Lazy<RSA[]> Keys = new(() => [RSA.Create(2048), RSA.Create(2048)]);

    private readonly TemporaryFolder _folder = new();
    private readonly BootstrapCa _strange = BootstrapCa.Root("CN=root of another service");
    private readonly List<BootstrapCa> _makers = [BootstrapCa.Root("CN=maker 0")];
    private readonly List<(X509Certificate2 Ca, ECDsa Key)> _retired = [];
    private readonly List<TestConnector> _connectors = [TestConnector.Ec()];
    private readonly Dictionary<string, int> _versions = [];
    private (X509Certificate2 Ca, ECDsa Key) _next;
    private (X509Certificate2 Ca, ECDsa Key) _lasting;
    private ComplianceStub? _service;
    private CertctlHost? _host;
    private int _requests;

    internal CertctlHost Host => _host!;

    public async Task InitializeAsync()
    {
        _service = await ComplianceStub.StartAsync(AnswerAsync);
        _host = await CertctlHost.PrepareAsync(null);
        foreach (var part in new[] { "tls", "ra_pairs", "next_ca", "mtls_trust", "intune_trust", "challenge", "api_keys", "metrics_token" })
            Write(part);
        foreach (var part in new[] { "retired_cas", "compliance_client", "compliance_ca", "compliance_token", "oidc_ca" })
            Write(part);
        _lasting = NewCa("CN=Retired CA that stays");
        TestRa.Write(Host, "lasting", _lasting.Ca, _lasting.Key);
        foreach (var (name, value) in Settings())
            Host.Settings[name] = value;
        await Host.StartAgainAsync();
    }

    public async Task DisposeAsync()
    {
        await Host.DisposeAsync();
        await _service!.DisposeAsync();
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Writes the next version of a part.</summary>
    internal void Write(string part)
    {
        var version = _versions[part] = _versions.GetValueOrDefault(part, -1) + 1;
        switch (part)
        {
            case "tls":
                ShownCertificate.Write(Host).Dispose();
                break;
            case "ra_pairs":
                TestRa.Write(Host, "ra-a", Keys.Value[0], TimeSpan.FromDays(365)).Dispose();
                break;
            case "next_ca":
                WriteNextCa(version);
                break;
            case "retired_cas":
                while (_retired.Count < version + 2)
                    _retired.Add(NewCa($"CN=Retired CA {_retired.Count}"));
                TestRa.Write(Host, "retired", _retired[version].Ca, _retired[version].Key);
                break;
            case "mtls_trust":
                while (_makers.Count < version + 2)
                    _makers.Add(BootstrapCa.Root($"CN=maker {_makers.Count}"));
                WriteFile("makers.pem", _makers[version].Pem);
                break;
            case "intune_trust":
                while (_connectors.Count < version + 2)
                    _connectors.Add(TestConnector.Ec());
                WriteFile("connectors.pem", _connectors[version].Pem);
                break;
            case "compliance_client":
                using (var client = ComplianceStub.Ca.Issue("CN=certctl at the service"))
                    TestRa.Write(Host, "client", client, client.GetECDsaPrivateKey()!);
                break;
            case "compliance_ca" or "oidc_ca":
                WriteFile(part, version % 2 == 0 ? ComplianceStub.Ca.Pem : _strange.Pem);
                break;
            default:
                WriteFile(part, Secret(part, version));
                break;
        }
    }

    /// <summary>Writes what cannot be used.</summary>
    internal void Break(string part)
    {
        switch (part)
        {
            case "tls":
                WriteFile(TestRa.Paths(Host, "tls").Key, "no private key\n");
                break;
            case "ra_pairs":
                // A request to it could be meant for either CA.
                TestRa.Write(Host, "ra-a", Keys.Value[1], TimeSpan.FromDays(365)).Dispose();
                break;
            case "next_ca":
                WriteFile(TestRa.Paths(Host, "next-ra").Cert, "nothing");
                break;
            case "compliance_client":
                WriteFile(TestRa.Paths(Host, "client").Cert, "nothing");
                break;
            case "retired_cas":
                WriteFile(TestRa.Paths(Host, "retired").Key, "nothing");
                break;
            case "mtls_trust":
                WriteFile("makers.pem", "nothing");
                break;
            case "intune_trust":
                WriteFile("connectors.pem", "nothing");
                break;
            case "compliance_token":
                WriteFile(part, "a token with blanks");
                break;
            case "metrics_token":
                WriteFile(part, "");
                break;
            default:
                WriteFile(part, "nothing");
                break;
        }
    }

    /// <summary>Of what the file of the part holds, or held before it was broken.</summary>
    internal int VersionOf(string part) => _versions[part];

    /// <summary>How the part is seen from outside; of parts that let clients in, whether this version does and the next.</summary>
    internal async Task<string> ViewAsync(string part, int version)
    {
        return part switch
        {
            "tls" => await ShownCertificate.SerialAsync(Host.Url.Port, Host.CaFile),
            "ra_pairs" => await FirstOfGetCaCertAsync(),
            "next_ca" => await NextCaAsync(),
            "retired_cas" => $"{await AskAsync(CaPath(version), "")} {await AskAsync(CaPath(version + 1), "")}",
            "mtls_trust" => $"{await IsLetInAsync(version)} {await IsLetInAsync(version + 1)}",
            "intune_trust" => $"{await EnrolsAsync("a", Token(version))} {await EnrolsAsync("a", Token(version + 1))}",
            "challenge" => $"{await EnrolsAsync("a", Secret(part, version))} {await EnrolsAsync("a", Secret(part, version + 1))}",
            "api_keys" => $"{await AskAsync("/api/v1/auth/check", Key(version))} {await AskAsync("/api/v1/auth/check", Key(version + 1))}",
            "metrics_token" =>
                $"{await AskAsync("/metrics", Secret(part, version))} {await AskAsync("/metrics", Secret(part, version + 1))}",
            "compliance_client" => (await AskedAsync("b"))?.Client?.Thumbprint ?? "not asked",
            "compliance_token" => (await AskedAsync("c"))?.Headers.Authorization.ToString() ?? "not asked",
            "compliance_ca" => $"{await EnrolsAsync("d", Shared)}",
            "oidc_ca" => $"{await AskAsync("/api/v1/auth/check", TokenOfUnknownKey())}",
            _ => throw new ArgumentOutOfRangeException(nameof(part)),
        };

        string Token(int number) => _connectors[number].For($"device-{Interlocked.Increment(ref _requests)}");
        string CaPath(int number) => "/.well-known/pki/ca/" + NameOf(_retired[number].Ca);
        static string Key(int number) => Secret("api_keys", number).Split(':')[3];
    }

    /// <summary>The next CA as it is, with a new RA.</summary>
    internal void WriteNextRa()
    {
        var ra = new CertificateRequest("CN=RA of the next CA", Keys.Value[1], HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var usage = X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment;
        ra.CertificateExtensions.Add(new X509KeyUsageExtension(usage, critical: true));
        ra.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(
            _next.Ca, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        using var made = ra.Create(
            _next.Ca.SubjectName, X509SignatureGenerator.CreateForECDsa(_next.Key), _next.Ca.NotBefore, _next.Ca.NotAfter.AddYears(-1),
            RandomNumberGenerator.GetBytes(8));
        TestRa.Write(Host, "next-ra", made, Keys.Value[1]);
    }

    /// <summary>The OCSP responders of the next CA and of the retired one that no part exchanges; then whether the former
    /// has a CRL.</summary>
    internal async Task<string[]> StatusAsync()
    {
        using var wire = Host.Connect();
        var seen = new List<string>();
        foreach (var name in new[] { NameOf(_next.Ca), NameOf(_lasting.Ca) })
        {
            var answer = await wire.Http.GetByteArrayAsync(new Uri(wire.Server, $"/.well-known/pki/ocsp/{name}/0a"));
            seen.Add(Convert.ToHexString(SHA256.HashData(new ParsedResponse(answer).Certificates)));
        }

        return [.. seen, $"{await AskAsync($"/.well-known/pki/crl/{NameOf(_next.Ca)}", "")}"];
    }

    private static string NameOf(X509Certificate2 ca) => "iss-local-"
        + ca.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Single().SubjectKeyIdentifier![..16].ToLowerInvariant();

    /// <summary>What can be seen of all other parts without an enrolment.</summary>
    internal async Task<string> OthersAsync(string part)
    {
        var views = new StringBuilder();
        string[] cheap = ["tls", "ra_pairs", "next_ca", "mtls_trust", "api_keys", "metrics_token"];
        foreach (var other in cheap.Where(other => other != part))
            views.AppendLine($"{other}: {await ViewAsync(other, VersionOf(other))}");
        return views.ToString();
    }

    /// <summary>Reloads, and waits until that is done.</summary>
    /// <returns>By REST what became of each part that did not stay as it was; by a signal null.</returns>
    internal async Task<List<JsonElement>?> ReloadAsync(bool byRest, bool isGood)
    {
        if (byRest)
        {
            var report = JsonDocument.Parse(await PostAsync("/api/v1/admin/reload")).RootElement;
            var parts = report.GetProperty("parts").EnumerateArray().ToList();
            Assert.True(parts.Count > 20);
            return [.. parts.Where(part => part.GetProperty("result").GetString() != "unchanged")];
        }

        var said = isGood ? "Reloaded the TLS certificate" : "Reload refused";
        var before = Host.Log.Split(said).Length - 1;
        await Host.SignalAsync("HUP");
        await Host.LoggedAsync(said, before);
        return null;
    }

    /// <summary>Events of reloads since <paramref name="seen"/>, once there are <paramref name="count"/> of the part.</summary>
    internal async Task<List<AuditEvent>> EventsAsync(HashSet<Guid> seen, string part, int count)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (true)
        {
            var database = Host.Database.GetRequiredService<IDbContextFactory<CertctlDbContext>>();
            await using var db = await database.CreateDbContextAsync(patience.Token);
            var all = await db.AuditEvents.AsNoTracking()
                .Where(line => line.Action == AuditAction.ConfigurationReloaded || line.Action == AuditAction.IntuneTrustReloaded)
                .OrderBy(line => line.Id).ToListAsync(patience.Token);
            var lines = all.Where(line => !seen.Contains(line.Id)).ToList();
            if (lines.Count(line => PartOf(line) == part) >= count)
            {
                seen.UnionWith(lines.Select(line => line.Id));
                return lines;
            }

            await Task.Delay(50, patience.Token);
        }
    }

    internal static string PartOf(AuditEvent line) => line.Action == AuditAction.IntuneTrustReloaded ? "intune_trust" : line.ResourceId!;

    internal async Task<string> PostAsync(string path)
    {
        using var wire = Host.Connect();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(wire.Server, path));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Admin);
        using var answer = await wire.Http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.OK, text);
        return text;
    }

    // Of the profiles whose challenge no test exchanges.
    private const string Shared = "the challenge of three profiles";

    private static string Secret(string part, int version) => part == "api_keys"
        ? $"root:{Admin}:admin,alice:alice-{version:00}-0123456789abcdef01234567:auditor"
        : $"{part}-{version:00}-0123456789abcdef";

    private IEnumerable<(string Name, string Value)> Settings()
    {
        yield return ("CERTCTL_SERVER_TLS_CERT_PATH", TestRa.Paths(Host, "tls").Cert);
        yield return ("CERTCTL_SERVER_TLS_KEY_PATH", TestRa.Paths(Host, "tls").Key);
        yield return ("CERTCTL_CA_NEXT_CERT_PATH", TestRa.Paths(Host, "next-ca").Cert);
        yield return ("CERTCTL_CA_NEXT_KEY_PATH", TestRa.Paths(Host, "next-ca").Key);
        yield return ("CERTCTL_CA_RETIRED_CERT_PATH", $"{TestRa.Paths(Host, "retired").Cert},{TestRa.Paths(Host, "lasting").Cert}");
        yield return ("CERTCTL_CA_RETIRED_KEY_PATH", $"{TestRa.Paths(Host, "retired").Key},{TestRa.Paths(Host, "lasting").Key}");
        yield return ("CERTCTL_API_KEYS_NAMED_FILE", _folder["api_keys"]);
        yield return ("CERTCTL_METRICS_ENABLED", "true");
        yield return ("CERTCTL_METRICS_TOKEN_FILE", _folder["metrics_token"]);
        yield return ("CERTCTL_OIDC_AUTHORITY", Issuer);
        yield return ("CERTCTL_OIDC_AUDIENCE", "certctl");
        yield return ("CERTCTL_OIDC_ROLE_MAP", "all=auditor");
        yield return ("CERTCTL_OIDC_CA_PATH", _folder["oidc_ca"]);
        yield return ("CERTCTL_SCEP_PROFILES", "a,b,c,d");
        WriteFile("oidc_and_services.pem", ComplianceStub.Ca.Pem);
        foreach (var setting in new[] { "a", "b", "c", "d" }.SelectMany(Profile))
            yield return setting;
    }

    private IEnumerable<(string Name, string Value)> Profile(string name)
    {
        var prefix = $"CERTCTL_SCEP_PROFILE_{name.ToUpperInvariant()}_";
        yield return (prefix + "ISSUER_ID", "iss-local");
        yield return (prefix + "RA_CERT_PATH", name == "a" ? TestRa.Paths(Host, "ra-a").Cert : Host.RaCertificates);
        yield return (prefix + "RA_KEY_PATH", name == "a" ? TestRa.Paths(Host, "ra-a").Key : Host.RaKeys);
        yield return (prefix + "NEXT_RA_CERT_PATH", TestRa.Paths(Host, "next-ra").Cert);
        yield return (prefix + "NEXT_RA_KEY_PATH", TestRa.Paths(Host, "next-ra").Key);
        if (name == "a")
        {
            yield return (prefix + "CHALLENGE_PASSWORD_FILE", _folder["challenge"]);
            yield return (prefix + "MTLS_ENABLED", "true");
            yield return (prefix + "MTLS_CLIENT_CA_TRUST_BUNDLE_PATH", _folder["makers.pem"]);
            yield return (prefix + "INTUNE_ENABLED", "true");
            yield return (prefix + "INTUNE_CONNECTOR_CERT_PATH", _folder["connectors.pem"]);
            yield break;
        }

        yield return (prefix + "CHALLENGE_PASSWORD", Shared);
        yield return (prefix + "COMPLIANCE_URL", $"{_service!.Url}");
        yield return (prefix + "COMPLIANCE_CA_PATH", _folder[name == "d" ? "compliance_ca" : "oidc_and_services.pem"]);
        if (name == "b")
        {
            yield return (prefix + "COMPLIANCE_CLIENT_CERT_PATH", TestRa.Paths(Host, "client").Cert);
            yield return (prefix + "COMPLIANCE_CLIENT_KEY_PATH", TestRa.Paths(Host, "client").Key);
        }
        else if (name == "c")
            yield return (prefix + "COMPLIANCE_BEARER_TOKEN_FILE", _folder["compliance_token"]);
        else
            yield return (prefix + "COMPLIANCE_BEARER_TOKEN", ComplianceStub.Token);
    }

    private string Issuer => $"https://localhost:{_service!.Url.Port}";

    private void WriteFile(string name, string text)
    {
        var path = Path.Combine(_folder.Path, name);
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private static (X509Certificate2 Ca, ECDsa Key) NewCa(string subject)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        var extensions = request.CertificateExtensions;
        extensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        extensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        extensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        return (request.CreateSelfSigned(DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddYears(10)), key);
    }

    private void WriteNextCa(int version)
    {
        _next = NewCa($"CN=Next CA {version}");
        TestRa.Write(Host, "next-ca", _next.Ca, _next.Key);
        WriteNextRa();
    }

    private async Task<string> FirstOfGetCaCertAsync()
    {
        using var wire = Host.Connect("/scep/a");
        return (await wire.CaCertificatesAsync())[0].Thumbprint;
    }

    // What it hands out, and who issues to a device that asks its RA: both are the next CA.
    private async Task<string> NextCaAsync()
    {
        using var wire = Host.Connect("/scep/b");
        var signed = new SignedCms();
        signed.Decode(await wire.Http.GetByteArrayAsync(new Uri(wire.Server, "/scep/b?operation=GetNextCACert")));
        var bag = new SignedCms();
        bag.Decode(signed.ContentInfo.Content);
        var device = ScepDevice.Shared();
        var request = await wire.RequestAsync(device.Csr($"CN=next-{Interlocked.Increment(ref _requests)}", Shared), device);
        request.Recipient = bag.Certificates[0];
        var issued = (await wire.SendAsync(request.Build())).Issued(device);
        Assert.Equal(bag.Certificates[1].Subject, issued.Issuer);
        return string.Join(' ', bag.Certificates.Select(certificate => certificate.Thumbprint));
    }

    private async Task<HttpStatusCode> IsLetInAsync(int maker)
    {
        using var certificate = _makers[maker].Issue("CN=a device");
        using var wire = new ScepWire(Host.Url, Host.CaFile, "/scep-mtls/a", BootstrapCa.Shown(certificate));
        return (await MtlsServer.AskAsync(wire)).Status;
    }

    private async Task<bool> EnrolsAsync(string profile, string challenge)
    {
        using var wire = Host.Connect($"/scep/{profile}");
        var device = ScepDevice.Shared();
        var name = challenge.Count(c => c == '.') == 2 ? $"CN=device-{_requests}" : $"CN=matrix-{Interlocked.Increment(ref _requests)}";
        return (await wire.SendAsync((await wire.RequestAsync(device.Csr(name, challenge), device)).Build())).Status == "0";
    }

    private async Task<SeenQuestion?> AskedAsync(string profile)
    {
        var before = _service!.Seen.Count;
        Assert.True(await EnrolsAsync(profile, Shared));
        return _service.Seen.Skip(before).FirstOrDefault(seen => seen.Body.Length > 0);
    }

    private async Task<HttpStatusCode> AskAsync(string path, string key)
    {
        using var wire = Host.Connect();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(wire.Server, path));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var answer = await wire.Http.SendAsync(request);
        return answer.StatusCode;
    }

    // Refused when the issuer can be asked for its keys, 503 when it cannot.
    private string TokenOfUnknownKey()
    {
        static string Part(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
        var header = $"{{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"unknown-{Interlocked.Increment(ref _requests)}\"}}";
        return $"{Part(header)}.{Part($"{{\"iss\":\"{Issuer}\"}}")}.{Part("no signature at all")}";
    }

    private Task AnswerAsync(HttpContext http)
    {
        http.Response.ContentType = "application/json";
        var parameters = Keys.Value[0].ExportParameters(includePrivateParameters: false);
        var (n, e) = (Base64Url.EncodeToString(parameters.Modulus!), Base64Url.EncodeToString(parameters.Exponent!));
        return http.Response.WriteAsync(http.Request.Path.Value switch
        {
            "/.well-known/openid-configuration" => JsonSerializer.Serialize(new { issuer = Issuer, jwks_uri = $"{Issuer}/keys" }),
            "/keys" => JsonSerializer.Serialize(
                new { keys = new[] { new { kty = "RSA", kid = "known", use = "sig", n, e } } }),
            _ => "{\"compliant\":true}",
        });
    }
}
