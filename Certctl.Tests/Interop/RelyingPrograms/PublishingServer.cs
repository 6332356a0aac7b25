using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Certctl.Tests.Conformance;
using Certctl.Tests.Conformance.Publication;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Interop.RelyingPrograms;

/// <summary>
/// The real server with an EC CA and the plain listener, which the URLs in its certificates name; and key pairs in files, as programs want
/// them.
/// </summary>
public sealed class PublishingServer : IAsyncLifetime
{
    private CertctlHost? _host;

    internal CertctlHost Host => _host!;

    internal RelyingParty Party { get; private set; } = null!;

    internal ScepWire Wire { get; private set; } = null!;

    /// <summary>What the URLs in certificates begin with.</summary>
    internal string Plain { get; private set; } = "";

    public async Task InitializeAsync()
    {
        // Another process may take a free port before the server binds it: another one then.
        for (var attempt = 1; _host is null; attempt++)
        {
            var port = BackgroundProgram.FreePort(ProtocolType.Tcp);
            Plain = $"http://127.0.0.1:{port}";
            try
            {
                _host = await CertctlHost.StartWithCaAsync(
                    "p-256", ("CERTCTL_PUBLICATION_PORT", $"{port}"), ("CERTCTL_PUBLICATION_BASE_URL", Plain));
            }
            catch (InvalidOperationException) when (attempt < 5)
            {
                // Its log says why, and the last attempt throws it.
            }
        }

        Party = new RelyingParty(Host);
        Wire = Host.Connect();
    }

    public async Task DisposeAsync()
    {
        if (_host is null)
            return;
        Party.Dispose();
        Wire.Dispose();
        await _host.DisposeAsync();
    }

    /// <summary>Enrols over SCEP a certificate for both sides of TLS.</summary>
    internal async Task<ProgramPair> EnrolAsync(string name, bool mustStaple = false)
    {
        await ChangeProfileAsync(mustStaple);
        var device = ScepDevice.Shared();
        var request = await Wire.RequestAsync(device.Csr($"CN={name}", Host.Challenge, "localhost"), device);
        var certificate = (await Wire.SendAsync(request.Build())).Issued(device);
        var path = Path.Combine(Host.Folder, name);
        var pair = new ProgramPair(certificate, $"{path}.crt", $"{path}.key", $"{path}.pem");
        var (crt, key) = (certificate.ExportCertificatePem() + "\n", device.Rsa.ExportPkcs8PrivateKeyPem() + "\n");
        await File.WriteAllTextAsync(pair.CertificateFile, crt);
        await File.WriteAllTextAsync(pair.KeyFile, key);
        await File.WriteAllTextAsync(pair.BothFile, crt + key);
        return pair;
    }

    private async Task ChangeProfileAsync(bool mustStaple)
    {
        var url = new Uri(Host.Url, "/api/v1/profiles/default");
        var key = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(Path.Combine(Host.Data, "api-key"))).Trim());
        using var ask = new HttpRequestMessage(HttpMethod.Get, url) { Headers = { Authorization = key } };
        using var known = await Wire.Http.SendAsync(ask);
        var profile = JsonNode.Parse(await known.Content.ReadAsStringAsync())!.AsObject();
        profile["allowed_ekus"] = new JsonArray("serverAuth", "clientAuth");
        profile["must_staple"] = mustStaple;
        using var put = new HttpRequestMessage(HttpMethod.Put, url)
        {
            Content = new StringContent(profile.ToJsonString(), MediaTypeHeaderValue.Parse("application/json")),
            Headers = { Authorization = key, IfMatch = { EntityTagHeaderValue.Any } },
        };
        using var answer = await Wire.Http.SendAsync(put);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }
}

/// <param name="BothFile">Certificate and key in one file.</param>
internal sealed record ProgramPair(X509Certificate2 Certificate, string CertificateFile, string KeyFile, string BothFile)
{
    public string SerialNumber => Certificate.SerialNumber;
}
