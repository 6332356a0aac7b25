using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Certctl.Tests.Infrastructure.StatusClient;

/// <summary>An HTTP server on loopback that serves what the test says, path by path.</summary>
internal sealed class FakeStatusServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, Func<HttpContext, Task>> _paths = new();

    private FakeStatusServer(WebApplication app) => _app = app;

    /// <summary>Method and content type of each request, in their order.</summary>
    public ConcurrentQueue<string> Seen { get; } = new();

    public static async Task<FakeStatusServer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var server = new FakeStatusServer(app);
        app.Run(server.AnswerAsync);
        await app.StartAsync();
        return server;
    }

    public string Url(string path) => _app.Urls.First() + path;

    public string Serve(string path, string contentType, byte[] body) => Serve(path, http => WriteAsync(http, contentType, body));

    /// <summary>Answers POST requests by a function of their bodies.</summary>
    public string ServeOcsp(string path, Func<byte[], byte[]> answer) => Serve(path, async http =>
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        await WriteAsync(http, "application/ocsp-response", answer(body.ToArray()));
    });

    public string Redirect(string path, string location, int status = 302) => Serve(path, http =>
    {
        http.Response.StatusCode = status;
        http.Response.Headers.Location = location;
        return Task.CompletedTask;
    });

    public string Serve(string path, Func<HttpContext, Task> answer)
    {
        _paths[path] = answer;
        return Url(path);
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext http)
    {
        Seen.Enqueue($"{http.Request.Method} {http.Request.ContentType}".TrimEnd());
        if (_paths.TryGetValue(http.Request.Path, out var answer))
            await answer(http);
        else
            http.Response.StatusCode = 404;
    }

    private static async Task WriteAsync(HttpContext http, string contentType, byte[] body)
    {
        http.Response.ContentType = contentType;
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body);
    }
}
