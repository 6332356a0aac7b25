using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using Certctl.Tests.Conformance;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Microsoft.Playwright;
using Xunit;

namespace Certctl.Tests.Browser;

/// <summary>
/// One server and one browser for all tests of the pages. Profiles: <c>corp</c> and <c>branch</c> take signed challenges, <c>lab</c> a
/// password alone, and what comes by <c>door</c> waits for two approvals.
/// </summary>
public sealed class PagesServer : IAsyncLifetime, IDisposable
{
    internal const string Admin = "admin-key-0123456789abcdef0123456789";
    internal const string Operator = "operator-key-0123456789abcdef012345";
    internal const string MetricsToken = "metrics-token-0123456789";
    internal const string LabPassword = "lab-password-0123456789";

    private readonly TemporaryFolder _folder = new();
    private CertctlHost? _host;
    private HttpClient? _http;
    private PageBrowser? _browser;

    internal CertctlHost Host => _host!;

    /// <summary>Follows no redirect.</summary>
    internal HttpClient Http => _http!;

    internal TestConnector Connector { get; } = TestConnector.Ec();

    internal string CorpAnchors => _folder["corp.pem"];

    internal static bool CanRun => PageBrowser.CanRun;

    public async Task InitializeAsync()
    {
        // An anchor that ends soon, and one that has ended.
        await File.WriteAllTextAsync(CorpAnchors, Connector.Pem);
        await File.WriteAllTextAsync(
            _folder["branch.pem"], TestConnector.Ec(daysUntil: 20).Pem + TestConnector.Ec(daysFrom: -30, daysUntil: -1).Pem);
        ReadyMadeData.CopyKeys(_folder["keys"], "rsa-2048");
        _host = await CertctlHost.StartAsync(
            null,
            [
                ("CERTCTL_SCEP_PROFILES", "corp,branch,lab"),
                .. Profile("CORP", CorpAnchors), .. Profile("BRANCH", _folder["branch.pem"]), .. Profile("LAB", null),
                ("CERTCTL_METRICS_ENABLED", "true"),
                ("CERTCTL_SCEP_PROBE_ENABLED", "true"),
                ("CERTCTL_SCEP_PROBE_ALLOW", "127.0.0.1/32"),
                ("CERTCTL_METRICS_TOKEN", MetricsToken),
                ("CERTCTL_RATE_LIMIT_RPS", "5000"),
                ("CERTCTL_RATE_LIMIT_BURST", "5000"),
                ("CERTCTL_API_KEYS_NAMED", $"alice:{Admin}:admin,olga:{Operator}:operator"),
            ]);
        _http = ScepWire.NewClient(Host.CaFile);
        await MakeDoorAsync();
        if (CanRun)
            _browser = await PageBrowser.StartAsync();
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _http?.Dispose();
        await Host.DisposeAsync();
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>A window of a browser that remembers nothing.</summary>
    internal Task<OpenPage> OpenAsync(ColorScheme theme = ColorScheme.Light) => _browser!.OpenAsync(Host.Url, theme);

    /// <summary>The same, signed in, at a page.</summary>
    /// <param name="path">Or the whole address at another server.</param>
    internal Task<OpenPage> SignInAsync(string path, string key = Admin, ColorScheme theme = ColorScheme.Light) =>
        _browser!.SignInAsync(Host.Url, path, key, theme);

    /// <summary>A device enrols through a profile with a password.</summary>
    internal async Task<X509Certificate2> EnrolAsync(string path, string subject, string challenge)
    {
        using var wire = Host.Connect(path);
        var device = ScepDevice.Shared();
        return (await wire.SendAsync((await wire.RequestAsync(device.Csr(subject, challenge), device)).Build())).Issued(device);
    }

    /// <summary>A request that waits for approval.</summary>
    /// <returns>The device's poll.</returns>
    internal async Task<byte[]> AskAtDoorAsync(string subject, string transaction)
    {
        using var wire = Host.Connect("/scep/door");
        var device = ScepDevice.Shared();
        ForgedRequest Named(ForgedRequest request) =>
            request.Replace(ForgedRequest.TransactionIdOid, ForgedRequest.Printable(transaction));
        (await wire.SendAsync(Named(await wire.RequestAsync(device.Csr(subject, LabPassword), device)).Build())).MustWait(transaction);
        return Named(await wire.RequestAsync([0x30, 0x00], device))
            .Replace(ForgedRequest.MessageTypeOid, ForgedRequest.Printable("20")).Build();
    }

    private async Task MakeDoorAsync()
    {
        var profile = JsonNode.Parse((await RestAsync(HttpMethod.Get, "/api/v1/profiles/default")).GetRawText())!.AsObject();
        (profile["id"], profile["name"], profile["requires_approval"], profile["approvals_required"]) = ("door", "door", true, 2);
        await RestAsync(HttpMethod.Post, "/api/v1/profiles", profile);

        // A path is served only where its certificate profile exists.
        await Host.KillAsync();
        foreach (var (name, value) in Profile("DOOR", null))
            Host.Settings[name] = value;
        Host.Settings["CERTCTL_SCEP_PROFILE_DOOR_PROFILE_ID"] = "door";
        Host.Settings["CERTCTL_SCEP_PROFILES"] = "corp,branch,lab,door";
        await Host.StartAgainAsync();
    }

    /// <summary>What the REST API answers to the admin.</summary>
    internal async Task<JsonElement> RestAsync(HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(Host.Url, path))
        {
            Content = body is null ? null : JsonContent.Create(body),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Admin);
        using var answer = await Http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{method} {path}: {answer.StatusCode} {text}");
        return text.Length == 0 ? default : JsonDocument.Parse(text).RootElement;
    }

    private IEnumerable<(string Name, string Value)> Profile(string token, string? anchors)
    {
        (string, string) Set(string name, string value) => ($"CERTCTL_SCEP_PROFILE_{token}_{name}", value);
        string Key(string file) => Path.Combine(_folder["keys"], file);
        yield return Set("ISSUER_ID", "iss-local");
        yield return Set("CHALLENGE_PASSWORD", LabPassword);
        yield return Set("RA_CERT_PATH", $"{Key("ra-sign.crt")},{Key("ra.crt")}");
        yield return Set("RA_KEY_PATH", $"{Key("ra-sign.key")},{Key("ra.key")}");
        if (anchors is null)
            yield break;
        yield return Set("INTUNE_ENABLED", "true");
        yield return Set("INTUNE_CONNECTOR_CERT_PATH", anchors);
    }
}

/// <summary>A window, with what it asked for and what it complained about.</summary>
internal sealed class OpenPage : IAsyncDisposable
{
    public OpenPage(IPage page)
    {
        Page = page;
        page.Request += (_, request) => Asked.Add(new Uri(request.Url));
        page.PageError += (_, error) => Complaints.Add(error);
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
                Complaints.Add(message.Text);
        };
    }

    public IPage Page { get; }

    public List<Uri> Asked { get; } = [];

    /// <summary>Errors of scripts, and what the page's policy did not let it.</summary>
    public List<string> Complaints { get; } = [];

    /// <summary>The page's own text, once it stands there.</summary>
    public Task SeesAsync(string text) => Page.GetByText(text).First.WaitForAsync();

    /// <summary>Once its address has this in it. Playwright's own wait hangs where the page has changed it before the wait begins.</summary>
    public async Task IsAtAsync(string part)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(PageBrowser.Patience));
        while (!Page.Url.Contains(part, StringComparison.Ordinal))
            await Task.Delay(50, patience.Token);
    }

    public async ValueTask DisposeAsync() => await Page.Context.DisposeAsync();
}

[CollectionDefinition(Name)]
public sealed class PagesCollection : ICollectionFixture<PagesServer>
{
    public const string Name = "pages";
}
