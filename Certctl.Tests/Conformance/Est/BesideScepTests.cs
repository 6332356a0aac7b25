using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Conformance.Est;

/// <summary>EST and SCEP at the same path, as quickstart serves them: a device renews by either.</summary>
public sealed class BesideScepTests
{
    [Fact]
    public async Task A_device_enrolled_by_one_protocol_renews_by_the_other_and_passwords_are_exchanged_by_SIGHUP()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["password"], "the first password here");
        await using var host = await CertctlHost.StartAsync(
            null, ("CERTCTL_EST_ENABLED", "true"), ("CERTCTL_EST_ALLOWED_AUTH_MODES", "basic"),
            ("CERTCTL_EST_ENROLLMENT_PASSWORD_FILE", folder["password"]));
        using var scep = host.Connect();
        var device = ScepDevice.Shared();
        var byScep = (await scep.SendAsync(
            (await scep.RequestAsync(device.Csr("CN=both", host.Challenge), device)).Build())).Issued(device);

        using var shown = ScepWire.NewClient(host.CaFile, BootstrapCa.Shown(byScep.CopyWithPrivateKey(device.Rsa)));
        shown.BaseAddress = new Uri(host.Url, "/.well-known/");
        using var renewal = await EstRequest.PostAsync(shown, "est/simplereenroll", device.Csr("CN=both", (string?)null));
        var body = Convert.FromBase64String(await EstRequest.IssuedAsync(renewal));
        var byEst = Assert.Single(Pkcs7(body));
        Assert.Equal("CN=both", byEst.Subject);
        Assert.NotEqual(byScep.SerialNumber, byEst.SerialNumber);

        var owner = device.With(byEst);
        var again = (await scep.SendAsync((await scep.RequestAsync(owner.Csr("CN=both", (string?)null), owner)).Build())).Issued(owner);
        Assert.NotEqual(byEst.SerialNumber, again.SerialNumber);

        // Each is found by the protocol that it came by.
        foreach (var (source, serials) in new[] { ("SCEP", new[] { again, byScep }), ("EST", [byEst]) })
        {
            using var list = new HttpRequestMessage(HttpMethod.Get, new Uri(host.Url, $"/api/v1/certificates?source={source}"));
            list.Headers.Authorization = new("Bearer", host.ApiKey);
            using var found = await scep.Http.SendAsync(list);
            var rows = JsonDocument.Parse(await found.Content.ReadAsStringAsync()).RootElement.GetProperty("data").EnumerateArray();
            Assert.Equal(
                serials.Select(one => one.SerialNumber.ToLowerInvariant().PadLeft(40, '0')),
                rows.Select(row => row.GetProperty("serial_number").GetString()!));
        }

        using var plain = ScepWire.NewClient(host.CaFile);
        plain.BaseAddress = shown.BaseAddress;
        await File.WriteAllTextAsync(folder["password"], "the other password here");
        await host.SignalAsync("HUP");
        await host.LoggedAsync("Reload: est_password");
        foreach (var (password, status) in new[] { ("the first password here", 401), ("the other password here", 200) })
        {
            using var answer = await EstRequest.PostAsync(plain, "est/simpleenroll", device.Csr("CN=after", (string?)null), password);
            Assert.Equal(status, (int)answer.StatusCode);
        }
    }

    [Fact]
    public async Task A_certificate_profile_that_EST_issues_under_is_not_taken_away()
    {
        await using var host = await CertctlHost.StartAsync(null);
        using var http = ScepWire.NewClient(host.CaFile);
        async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, JsonNode? body = null)
        {
            using var request = new HttpRequestMessage(method, new Uri(host.Url, $"/api/v1/profiles{path}"));
            request.Headers.Authorization = new("Bearer", host.ApiKey);
            request.Headers.TryAddWithoutValidation("If-Match", "*");
            request.Content = body is null ? null : new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
            return await http.SendAsync(request);
        }

        using (var stored = await SendAsync(HttpMethod.Get, "/default"))
        {
            var profile = JsonNode.Parse(await stored.Content.ReadAsStringAsync())!;
            (profile["id"], profile["name"]) = ("est-alone", "est-alone");
            using var made = await SendAsync(HttpMethod.Post, "", profile);
            Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        }

        await host.KillAsync();
        foreach (var (name, value) in new[]
        {
            ("ENABLED", "true"), ("PROFILE_ID", "est-alone"), ("ALLOWED_AUTH_MODES", "basic"),
            ("ENROLLMENT_PASSWORD", "a password of its own"),
        })
            host.Settings[$"CERTCTL_EST_{name}"] = value;
        await host.StartAgainAsync();
        using var refused = await SendAsync(HttpMethod.Delete, "/est-alone");
        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        Assert.Contains("EST profile", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static X509Certificate2Collection Pkcs7(byte[] body)
    {
        var signed = new System.Security.Cryptography.Pkcs.SignedCms();
        signed.Decode(body);
        return signed.Certificates;
    }
}
