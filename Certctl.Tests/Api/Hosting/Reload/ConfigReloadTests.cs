using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Certctl.Domain.Audit;
using Certctl.Tests.Conformance;
using Xunit;

namespace Certctl.Tests.Api.Hosting.Reload;

/// <summary>
/// SIGHUP of a <c>serve --config FILE</c>: secrets of the file are exchanged; a broken file changes nothing, and what is no secret waits
/// for a restart.
/// </summary>
public sealed class ConfigReloadTests : IAsyncLifetime
{
    private const string Reloaded = "Reloaded the TLS certificate";
    private const string Refused = "Reload refused";
    private const string Key = "0123456789abcdef0123456789abcdef";
    private const string Other = "fedcba9876543210fedcba9876543210";

    private readonly OperatorFolder _folder = new();
    private readonly Dictionary<string, object> _config = [];
    private ServingProcess? _serving;

    private ServingProcess Serving => _serving!;

    private string ConfigPath => _folder.Path("certctl.json");

    public async Task InitializeAsync()
    {
        await _folder.InitializeAsync();
        foreach (var (name, value) in _folder.Settings())
            _config[name] = value;
        _config["CERTCTL_API_KEYS_NAMED"] = $"alice:{Key}:admin";
        _config["CERTCTL_METRICS_ENABLED"] = true;
        _config["CERTCTL_METRICS_TOKEN"] = Key;
        Write();
        _serving = await CommandLine.ServeAsync(new Dictionary<string, string>(), "--config", ConfigPath);
    }

    public async Task DisposeAsync()
    {
        if (_serving is not null)
            await Serving.DisposeAsync();
        await _folder.DisposeAsync();
    }

    [Fact]
    public async Task Secrets_of_the_file_are_exchanged()
    {
        _config["CERTCTL_API_KEYS_NAMED"] = $"alice:{Other}:admin";
        _config["CERTCTL_METRICS_TOKEN"] = Other;
        _config["CERTCTL_SCEP_CHALLENGE_PASSWORD"] = "another challenge of the folder";
        Write();
        await ReloadAsync(Reloaded);

        Assert.Equal(
            (HttpStatusCode.Unauthorized, HttpStatusCode.OK), (await AskAsync("/metrics", Key), await AskAsync("/metrics", Other)));
        Assert.Equal(
            (HttpStatusCode.Unauthorized, HttpStatusCode.OK),
            (await AskAsync("/api/v1/audit", Key), await AskAsync("/api/v1/audit", Other)));
        Assert.Equal((false, true), (await EnrolsAsync(OperatorFolder.Challenge), await EnrolsAsync("another challenge of the folder")));
        Assert.Equal(
            [("api_keys", AuditOutcome.Done), ("challenge", AuditOutcome.Done), ("metrics_token", AuditOutcome.Done)], await LinesAsync(3));
    }

    [Theory]
    [InlineData(null, "cannot be read")]
    [InlineData("{ \"CERTCTL_METRICS_TOKEN\": ", "is not JSON")]
    [InlineData("[]", "is not a JSON object")]
    [InlineData("{ \"metrics_token\": {} }", "is neither a string, number, boolean nor list of strings")]
    public async Task A_broken_file_changes_nothing_and_leaves_one_line(string? content, string says)
    {
        if (content is null)
            File.Delete(ConfigPath);
        else
            await File.WriteAllTextAsync(ConfigPath, content);
        await ReloadAsync(Refused);

        Assert.Equal([("configuration", AuditOutcome.Refused)], await LinesAsync(1));
        Assert.Contains(says, Serving.Log, StringComparison.Ordinal);
        await IsAsBeforeAsync();

        // The next one is good again.
        _config["CERTCTL_METRICS_TOKEN"] = Other;
        Write();
        await ReloadAsync(Reloaded);
        Assert.Equal(
            (HttpStatusCode.Unauthorized, HttpStatusCode.OK), (await AskAsync("/metrics", Key), await AskAsync("/metrics", Other)));
    }

    [Fact]
    public async Task A_token_and_keys_that_are_gone_stay_in_force_until_a_restart()
    {
        _config.Remove("CERTCTL_METRICS_TOKEN");
        _config.Remove("CERTCTL_API_KEYS_NAMED");
        Write();
        await ReloadAsync("CERTCTL_METRICS_TOKEN is set no more; to serve without it, restart the server");

        Assert.Equal([("api_keys", AuditOutcome.Refused), ("metrics_token", AuditOutcome.Refused)], await LinesAsync(2));
        Assert.Contains("CERTCTL_API_KEYS_NAMED is set no more", Serving.Log, StringComparison.Ordinal);
        await IsAsBeforeAsync();
    }

    [Fact]
    public async Task What_is_no_secret_waits_for_a_restart_and_is_named_and_the_rest_is_taken()
    {
        var before = await ShownAsync();
        _config["CERTCTL_METRICS_ENABLED"] = false;
        _config["CERTCTL_SERVER_TLS_CERT_PATH"] = _folder.CaFile;
        _config["CERTCTL_SERVER_TLS_KEY_PATH"] = Path.Combine(_folder.Host.Data, "ca.key");
        _config["CERTCTL_CA_VALIDITY_DAYS"] = "nonsense";
        _config["CERTCTL_SCEP_CHALLENGE_PASSWORD"] = "another challenge of the folder";
        Write();
        await ReloadAsync(Refused);

        Assert.Contains(
            "CERTCTL_CA_VALIDITY_DAYS, CERTCTL_METRICS_ENABLED, CERTCTL_SERVER_TLS_CERT_PATH, "
                + "CERTCTL_SERVER_TLS_KEY_PATH of --config changed; what is no secret changes by a restart alone",
            Serving.Log, StringComparison.Ordinal);
        Assert.Equal([("challenge", AuditOutcome.Done), ("configuration", AuditOutcome.Refused)], await LinesAsync(2));
        Assert.Equal(before, await ShownAsync());
        Assert.Equal((HttpStatusCode.OK, true), (await AskAsync("/metrics", Key), await EnrolsAsync("another challenge of the folder")));
        Assert.DoesNotContain(Reloaded, Serving.Log, StringComparison.Ordinal);
    }

    private async Task IsAsBeforeAsync()
    {
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized), (await AskAsync("/metrics", Key), await AskAsync("/metrics", null)));
        Assert.Equal(HttpStatusCode.OK, await AskAsync("/api/v1/audit", Key));
        Assert.True(await EnrolsAsync(OperatorFolder.Challenge));
    }

    private void Write() => File.WriteAllText(ConfigPath, JsonSerializer.Serialize(_config));

    private async Task ReloadAsync(string says)
    {
        var before = Serving.Log.Split(says).Length;
        Serving.Signal("HUP");
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (Serving.Log.Split(says).Length == before)
            await Task.Delay(20, patience.Token);
    }

    private async Task<(string, AuditOutcome)[]> LinesAsync(int count) =>
        [.. (await _folder.Host.Database.ReloadLinesAsync(count)).Select(line => (line.ResourceId!, line.Outcome)).Order()];

    private async Task<bool> EnrolsAsync(string challenge)
    {
        using var wire = Serving.Connect(_folder.CaFile);
        var device = ScepDevice.Shared();
        var reply = await wire.SendAsync((await wire.RequestAsync(device.Csr($"CN={Guid.NewGuid()}", challenge), device)).Build());
        return reply.Status == "0";
    }

    private async Task<HttpStatusCode> AskAsync(string path, string? key)
    {
        using var wire = Serving.Connect(_folder.CaFile);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(wire.Server, path));
        request.Headers.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        using var answer = await wire.Http.SendAsync(request);
        return answer.StatusCode;
    }

    private Task<string> ShownAsync() => ShownCertificate.SerialAsync(Serving.Port, _folder.CaFile);
}
