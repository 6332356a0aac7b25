using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Api.Configuration;
using Certctl.Api.Hosting;
using Certctl.Domain.Enrolment;
using Certctl.Infrastructure.Provisioning;
using Certctl.Tests.Fixtures;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Certctl.Tests.Api.Hosting;

/// <summary>What a start looks into before it serves: a good folder passes, and each thing that is wrong with it is named with its remedy.</summary>
public sealed class PreflightTests : IDisposable
{
    private const string Ra = "SCEP profile <root>, RA pair";
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;
    private static readonly Lazy<RSA> RsaKey = new(() => RSA.Create(2048));

    private readonly TemporaryFolder _folder = new();
    private readonly QuickstartMaterial _made;

    public PreflightTests() => _made = QuickstartMaterial.Ensure(_folder["data"], "p-256", null, TimeProvider.System);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_good_folder_gives_the_material_and_no_word()
    {
        var (material, problems, warnings) = Preflight.Load(Options(), Now);
        Assert.Empty(problems);
        Assert.Empty(warnings);
        Assert.Equal("CN=Certctl RA", Assert.Single(material!.RaPairs[""]).Certificate.Subject);
    }

    public static TheoryData<string, string, string> Defects() => new()
    {
        { "missing RA key", "RA pair", "does not exist" },
        { "open RA key", "RA pair", "chmod 600" },
        { "RA key of another", "RA pair", "does not belong" },
        { "RA garbage", "RA pair", "no CERTIFICATE" },
        { "EC RA", "RA pair", "not RSA" },
        { "RSA-1024 RA", "RA pair", "at least 2048" },
        { "expired RA", "RA pair", "issue a new one" },
        { "future RA", "RA pair", "is not valid before" },
        { "RA without keyEncipherment", "RA pair", "keyUsage must have digitalSignature and keyEncipherment" },
        { "CA is a leaf", "CA", "is not a CA's" },
        { "CA key missing", "CA", "does not exist" },
        { "expired TLS", "TLS certificate", "issue a new one" },
        { "no such host", "listen address", "CERTCTL_SERVER_HOST" },
    };

    [Theory]
    [MemberData(nameof(Defects))]
    [Trait("Conformance", "Z-10")]
    public void Each_defect_forbids_the_start_and_is_named(string defect, string where, string words)
    {
        var options = Break(defect);
        var (material, problems, _) = Preflight.Load(options, Now);
        Assert.Null(material);
        Assert.Contains(problems, problem => problem.Contains(where, StringComparison.Ordinal) && problem.Contains(words, StringComparison.Ordinal));
    }

    [Fact]
    public void Without_a_CA_the_RA_is_looked_at_all_the_same()
    {
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Write("ra2", ec, Now.AddDays(-1), Now.AddDays(300), X509KeyUsageFlags.DigitalSignature);
        File.Delete(_made.CaKeyPath);
        var (_, problems, _) = Preflight.Load(Options("ra2"), Now);
        Assert.Contains(problems, problem => problem.StartsWith("CA:", StringComparison.Ordinal));
        Assert.Contains(problems, problem => problem.StartsWith(Ra, StringComparison.Ordinal) && problem.Contains("not RSA", StringComparison.Ordinal));
    }

    [Fact]
    public void What_only_should_be_known_is_a_warning()
    {
        Write("foreign", RsaKey.Value, Now.AddDays(-1), Now.AddDays(20), X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment, selfSigned: true);
        var (material, problems, warnings) = Preflight.Load(Options("foreign"), Now);
        Assert.Empty(problems);
        Assert.NotNull(material);
        Assert.Contains(warnings, warning => warning.Contains("was not issued by this profile's CA", StringComparison.Ordinal));
        Assert.Contains(warnings, warning => warning.Contains("put a new pair beside it", StringComparison.Ordinal));
    }

    [Fact]
    public void Of_several_RA_pairs_an_expired_one_only_waits_to_be_removed()
    {
        Write("old", RsaKey.Value, Now.AddDays(-400), Now.AddDays(-1), X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment);
        var (material, problems, warnings) = Preflight.Load(Options("old", "ra"), Now);
        Assert.Empty(problems);
        Assert.Single(material!.RaPairs[""]);
        Assert.Contains(warnings, warning => warning.Contains("is outside its validity", StringComparison.Ordinal));

        Write("older", RsaKey.Value, Now.AddDays(-800), Now.AddDays(-400), X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment);
        Assert.Contains(Preflight.Load(Options("old", "older"), Now).Problems, problem => problem.Contains("none of the RA certificates is valid now", StringComparison.Ordinal));
    }

    private CertctlOptions Break(string defect)
    {
        const X509KeyUsageFlags Both = X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment;
        var raKey = _made.RaPairs[0].KeyPath;
        switch (defect)
        {
            case "missing RA key":
                File.Delete(raKey);
                return Options();
            case "open RA key":
                File.SetUnixFileMode(raKey, UnixFileMode.UserRead | UnixFileMode.GroupRead);
                return Options();
            case "RA key of another":
                File.WriteAllText(raKey, RsaKey.Value.ExportPkcs8PrivateKeyPem());
                return Options();
            case "RA garbage":
                File.WriteAllText(_made.RaPairs[0].CertPath, "hello");
                return Options();
            case "EC RA":
                using (var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256))
                    Write("ra2", ec, Now.AddDays(-1), Now.AddDays(300), Both);
                return Options("ra2");
            case "RSA-1024 RA":
                using (var small = RSA.Create(1024))
                    Write("ra2", small, Now.AddDays(-1), Now.AddDays(300), Both);
                return Options("ra2");
            case "expired RA":
                Write("ra2", RsaKey.Value, Now.AddDays(-300), Now.AddDays(-1), Both);
                return Options("ra2");
            case "future RA":
                Write("ra2", RsaKey.Value, Now.AddDays(1), Now.AddDays(300), Both);
                return Options("ra2");
            case "RA without keyEncipherment":
                Write("ra2", RsaKey.Value, Now.AddDays(-1), Now.AddDays(300), X509KeyUsageFlags.DigitalSignature);
                return Options("ra2");
            case "CA is a leaf":
                return Options() with { Ca = Options().Ca with { CertPath = _made.RaPairs[0].CertPath, KeyPath = raKey } };
            case "CA key missing":
                File.Delete(_made.CaKeyPath);
                return Options();
            case "expired TLS":
                Write("tls2", RsaKey.Value, Now.AddDays(-300), Now.AddDays(-1), X509KeyUsageFlags.DigitalSignature);
                return Options() with { Server = Options().Server with { TlsCertPath = InData("tls2.crt"), TlsKeyPath = InData("tls2.key") } };
            case "no such host":
                return Options() with { Server = Options().Server with { Host = "nobody.invalid" } };
            default:
                throw new ArgumentException(defect);
        }
    }

    private CertctlOptions Options(params string[] ra) => new()
    {
        Server = new ServerOptions("127.0.0.1", 0, 1048576, _made.TlsCertPath, _made.TlsKeyPath),
        Database = new DatabaseOptions(DatabaseProvider.Sqlite, new Secret("Data Source=:memory:"), 3),
        Log = new LogOptions(LogLevel.Information, Json: true),
        Ca = new CaOptions("iss-local", _made.CaCertPath, _made.CaKeyPath, TimeSpan.FromDays(90), [], null, null),
        ScepProfiles =
        [
            new ScepProfileOptions
            {
                PathId = "",
                IssuerId = "iss-local",
                CertificateProfileId = "default",
                Challenge = new Secret("not asked for here"),
                RaPairs = [.. (ra.Length == 0 ? ["ra"] : ra).Select(name => new RaPairPaths(InData(name + ".crt"), InData(name + ".key")))],
            },
        ],
    };

    private string InData(string name) => Path.Combine(_folder["data"], name);

    private void Write(string name, AsymmetricAlgorithm key, DateTimeOffset notBefore, DateTimeOffset notAfter, X509KeyUsageFlags usage, bool selfSigned = false)
    {
        var request = key is RSA rsa
            ? new CertificateRequest("CN=Certctl RA", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest("CN=Certctl RA", (ECDsa)key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509KeyUsageExtension(usage, critical: true));
        using var ca = X509Certificate2.CreateFromPemFile(_made.CaCertPath, _made.CaKeyPath);
        using var certificate = selfSigned
            ? request.CreateSelfSigned(notBefore, notAfter)
            : request.Create(ca.SubjectName, X509SignatureGenerator.CreateForECDsa(ca.GetECDsaPrivateKey()!), notBefore, notAfter, RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(InData(name + ".crt"), certificate.ExportCertificatePem());
        File.WriteAllText(InData(name + ".key"), key.ExportPkcs8PrivateKeyPem());
        File.SetUnixFileMode(InData(name + ".key"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
