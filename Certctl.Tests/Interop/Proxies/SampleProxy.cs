using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using Certctl.Tests.Architecture;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.Compliance;
using Certctl.Tests.Interop.RelyingPrograms;

namespace Certctl.Tests.Interop.Proxies;

/// <summary>A proxy with a file of samples/proxy as it is there, but for addresses, names and paths of files.</summary>
internal sealed partial class SampleProxy : IAsyncDisposable
{
    public const string Nginx = "nginx.conf";
    public const string NginxPlain = "nginx-plain.conf";
    public const string HaProxy = "haproxy.cfg";
    public const string HaProxyPassThrough = "haproxy-passthrough.cfg";

    private readonly TemporaryFolder _folder;
    private readonly BackgroundProgram _program;

    private SampleProxy(TemporaryFolder folder, BackgroundProgram program) => (_folder, _program) = (folder, program);

    public static bool CanRun => ExternalTool.AllPresent("/usr/sbin/nginx", "/usr/sbin/haproxy");

    public int Port => _program.Port;

    /// <summary>Of the certificate in front.</summary>
    public string CaFile => _folder["front-ca.pem"];

    public string Output => _program.Output;

    /// <param name="allowed">The network that the plain front serves.</param>
    public static async Task<SampleProxy> StartAsync(string sample, Uri server, string caFile, string allowed = "127.0.0.0/8")
    {
        var folder = new TemporaryFolder();
        using var front = ComplianceStub.Certificate("localhost");
        await File.WriteAllTextAsync(folder["front-ca.pem"], ComplianceStub.Ca.Pem);
        await File.WriteAllTextAsync(folder["front.pem"], front.ExportCertificatePem() + "\n");
        await File.WriteAllTextAsync(folder["front.key"], front.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem() + "\n");
        await File.WriteAllTextAsync(
            folder["front-with-key.pem"], await File.ReadAllTextAsync(folder["front.pem"]) + await File.ReadAllTextAsync(folder["front.key"]));
        File.Copy(caFile, folder["certctl-ca.pem"]);
        var program = await BackgroundProgram.StartAsync(folder.Path, port =>
        {
            var text = SourceTree.Read($"samples/proxy/{sample}")
                .Replace("/etc/certctl-proxy", folder.Path, StringComparison.Ordinal)
                .Replace("certctl.internal:8443", $"127.0.0.1:{server.Port.ToString(CultureInfo.InvariantCulture)}", StringComparison.Ordinal)
                .Replace("certctl.internal", "localhost", StringComparison.Ordinal)
                .Replace("10.20.0.0/16", allowed, StringComparison.Ordinal);
            var isNginx = sample.StartsWith("nginx", StringComparison.Ordinal);
            text = isNginx
                ? NginxPort().Replace(text, $"listen 127.0.0.1:{port}")
                : text.Replace("bind :443", $"bind 127.0.0.1:{port}", StringComparison.Ordinal);

            // What an installed nginx has in its own file, and what lets it run beside others without root.
            if (isNginx)
            {
                text = $"daemon off;\npid {folder.Path}/nginx.pid;\nerror_log stderr warn;\n" + text.Replace(
                    "http {",
                    "http {\n  access_log off;\n" + string.Concat(
                        new[] { "client_body", "proxy", "fastcgi", "uwsgi", "scgi" }.Select(kind => $"  {kind}_temp_path {folder.Path}/{kind};\n")),
                    StringComparison.Ordinal);
            }

            File.WriteAllText(folder[sample], text);
            return isNginx ? ["/usr/sbin/nginx", "-p", folder.Path, "-c", folder[sample]] : ["/usr/sbin/haproxy", "-db", "-f", folder[sample]];
        });
        return new SampleProxy(folder, program);
    }

    public async ValueTask DisposeAsync()
    {
        await _program.DisposeAsync();
        _folder.Dispose();
    }

    [GeneratedRegex("listen (443|80)\\b")]
    private static partial Regex NginxPort();
}
