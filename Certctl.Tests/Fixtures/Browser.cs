using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;

namespace Certctl.Tests.Fixtures;

/// <summary>
/// Debian's Chromium without a window, by the Chrome DevTools Protocol: what a user would see, which servers the page asked, and what it
/// complained about. Name and password are given when it asks for them, as a user would type them.
/// </summary>
internal sealed class Browser : IAsyncDisposable
{
    public const string Program = "/usr/bin/chromium";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private readonly TemporaryFolder _folder = new();
    private readonly ClientWebSocket _socket = new();
    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonNode>> _waiting = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly (string Name, string Password) _credentials;
    private Process? _process;
    private Task _receiving = Task.CompletedTask;
    private string? _session;
    private int _last;

    private Browser(string name, string password) => _credentials = (name, password);

    /// <summary>Whatever was fetched, or was to be.</summary>
    public ConcurrentQueue<Uri> Asked { get; } = new();

    /// <summary>Errors of scripts and what the page's policy did not let it.</summary>
    public ConcurrentQueue<string> Complaints { get; } = new();

    /// <param name="server">Whose TLS certificate the browser takes although its CA is a stranger.</param>
    public static async Task<Browser> StartAsync(X509Certificate2 server, string name, string password)
    {
        var browser = new Browser(name, password);
        try
        {
            await browser.ConnectAsync(Convert.ToBase64String(SHA256.HashData(server.PublicKey.ExportSubjectPublicKeyInfo())));
        }
        catch
        {
            await browser.DisposeAsync();
            throw;
        }

        return browser;
    }

    public Task OpenAsync(Uri page) => SendAsync("Page.navigate", new JsonObject { ["url"] = page.AbsoluteUri });

    /// <summary>The value of a JavaScript expression, or of its promise.</summary>
    public async Task<string> EvaluateAsync(string expression)
    {
        var answer = await SendAsync(
            "Runtime.evaluate", new JsonObject { ["expression"] = expression, ["awaitPromise"] = true, ["returnByValue"] = true });
        return answer["result"]?["value"]?.ToString() ?? "";
    }

    /// <summary>The text of the page once this stands in it.</summary>
    public async Task<string> ReadAsync(string awaited)
    {
        using var patience = new CancellationTokenSource(Patience);
        string text;
        while (!(text = await EvaluateAsync("document.body ? document.body.innerText : ''")).Contains(awaited, StringComparison.Ordinal))
        {
            if (patience.IsCancellationRequested)
                throw new TimeoutException(
                    $"\"{awaited}\" does not come. The page says: {text}\nIt complains: {string.Join('\n', Complaints)}");
            await Task.Delay(200);
        }

        return text;
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _receiving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_process is { } process)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
        }

        _socket.Dispose();
        _sending.Dispose();
        _ending.Dispose();
        _folder.Dispose();
    }

    private async Task ConnectAsync(string spki)
    {
        _process = ExternalTool.Start(_folder.Path, Program,
        [
            "--headless=new", "--window-size=1600,1000", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", "--disable-component-update",
            "--remote-debugging-port=0",
            $"--user-data-dir={_folder["profile"]}", $"--ignore-certificate-errors-spki-list={spki}", "about:blank",
        ]);
        using var patience = new CancellationTokenSource(Patience);
        const string Listening = "DevTools listening on ";
        string? line;
        do
        {
            line = await _process.StandardError.ReadLineAsync(patience.Token)
                ?? throw new InvalidOperationException("Chromium ended before it listened.");
        }
        while (!line.StartsWith(Listening, StringComparison.Ordinal));

        // Full pipes would stop it.
        _ = _process.StandardError.ReadToEndAsync(CancellationToken.None);
        _ = _process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        await _socket.ConnectAsync(new Uri(line[Listening.Length..]), patience.Token);
        _receiving = ReceiveAsync();
        var target = await SendAsync("Target.createTarget", new JsonObject { ["url"] = "about:blank" });
        _session = (string?)(await SendAsync(
            "Target.attachToTarget", new JsonObject { ["targetId"] = (string)target["targetId"]!, ["flatten"] = true }))["sessionId"];
        foreach (var domain in new[] { "Page", "Runtime", "Log" })
            await SendAsync($"{domain}.enable", []);
        await SendAsync("Fetch.enable", new JsonObject { ["handleAuthRequests"] = true });
    }

    private async Task<JsonNode> SendAsync(string method, JsonObject parameters)
    {
        var id = Interlocked.Increment(ref _last);
        var answer = _waiting[id] = new TaskCompletionSource<JsonNode>(TaskCreationOptions.RunContinuationsAsynchronously);
        var message = new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters };
        if (_session is not null)
            message["sessionId"] = _session;
        await _sending.WaitAsync();
        try
        {
            await _socket.SendAsync(
                Encoding.UTF8.GetBytes(message.ToJsonString()), WebSocketMessageType.Text, endOfMessage: true, _ending.Token);
        }
        finally
        {
            _sending.Release();
        }

        return await answer.Task.WaitAsync(Patience);
    }

    private async Task ReceiveAsync()
    {
        var buffer = new byte[1 << 16];
        while (true)
        {
            using var message = new MemoryStream();
            ValueWebSocketReceiveResult part;
            do
            {
                part = await _socket.ReceiveAsync(buffer.AsMemory(), _ending.Token);
                message.Write(buffer, 0, part.Count);
            }
            while (!part.EndOfMessage);
            if (part.MessageType == WebSocketMessageType.Close)
                return;
            var json = JsonNode.Parse(message.ToArray())!;
            if (json["id"] is { } id && _waiting.TryRemove((int)id, out var answer))
            {
                if (json["result"] is { } result)
                    answer.SetResult(result);
                else
                    answer.SetException(new InvalidOperationException(json["error"]!.ToJsonString()));
            }
            else if (json["params"] is { } parameters)
                _ = OnEventAsync((string)json["method"]!, parameters);
        }
    }

    private Task OnEventAsync(string method, JsonNode parameters)
    {
        switch (method)
        {
            case "Fetch.requestPaused":
                Asked.Enqueue(new Uri((string)parameters["request"]!["url"]!));
                return SendAsync("Fetch.continueRequest", new JsonObject { ["requestId"] = (string)parameters["requestId"]! });
            case "Fetch.authRequired":
                var credentials = new JsonObject
                {
                    ["response"] = "ProvideCredentials",
                    ["username"] = _credentials.Name,
                    ["password"] = _credentials.Password,
                };
                return SendAsync(
                    "Fetch.continueWithAuth",
                    new JsonObject { ["requestId"] = (string)parameters["requestId"]!, ["authChallengeResponse"] = credentials });
            case "Log.entryAdded" when (string?)parameters["entry"]!["level"] == "error":
                Complaints.Enqueue(parameters["entry"]!.ToJsonString());
                return Task.CompletedTask;
            case "Runtime.exceptionThrown":
                Complaints.Enqueue(parameters["exceptionDetails"]!.ToJsonString());
                return Task.CompletedTask;
            default:
                return Task.CompletedTask;
        }
    }
}
