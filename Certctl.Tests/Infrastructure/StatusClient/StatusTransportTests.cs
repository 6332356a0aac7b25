using Certctl.Infrastructure.ScepClient;
using Certctl.Infrastructure.StatusClient;
using Xunit;

namespace Certctl.Tests.Infrastructure.StatusClient;

/// <summary>What a relying party's HTTP takes from a server, and what it refuses.</summary>
public sealed class StatusTransportTests : IAsyncLifetime
{
    private static readonly StatusTransport Transport = new(new TlsTrust.SystemRoots());
    private FakeStatusServer _server = null!;

    public async Task InitializeAsync() => _server = await FakeStatusServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_answer_of_the_bound_is_read_and_one_octet_more_is_refused(bool isAnnounced)
    {
        foreach (var (length, fits) in new[] { (300_000, true), (300_001, false), (3_000_000, false) })
        {
            var url = new Uri(_server.Serve("/long", async http =>
            {
                if (isAnnounced)
                    http.Response.ContentLength = length;
                await http.Response.Body.WriteAsync(new byte[length]);
            }));
            if (fits)
                Assert.Equal(length, (await Transport.GetAsync(url, 300_000, default)).Body.Length);
            else
                await RefusesAsync(url, "is longer than", 300_000);
        }
    }

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task Five_redirects_are_followed_and_the_sixth_is_not(int status)
    {
        _server.Serve("/0", "text/plain", [42]);
        for (var i = 1; i <= 6; i++)
            _server.Redirect($"/{i}", $"/{i - 1}", status);

        var answer = await Transport.GetAsync(new Uri(_server.Url("/5")), 100, default);

        Assert.Equal((byte)42, Assert.Single(answer.Body.ToArray()));
        Assert.EndsWith("/0", answer.Url.ToString(), StringComparison.Ordinal);
        await RefusesAsync(new Uri(_server.Url("/6")), "at most 5 redirects");
        await RefusesAsync(new Uri(_server.Redirect("/loop", "/loop", status)), "at most 5 redirects");
    }

    [Fact]
    public async Task A_redirected_POST_is_posted_again()
    {
        _server.ServeOcsp("/end", request => [.. request, 1]);
        var url = new Uri(_server.Redirect("/start", "/end", 307));

        Assert.Equal([7, 1], (await Transport.PostAsync(url, new byte[] { 7 }, default)).Body.ToArray());
        Assert.Equal(["POST application/ocsp-request", "POST application/ocsp-request"], _server.Seen);
        await RefusesAsync(() => Transport.PostAsync(new Uri(_server.Redirect("/other", "/end", 303)), new byte[1], default), "HTTP 303");
    }

    [Theory]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://127.0.0.1/x")]
    [InlineData("ldap://127.0.0.1/x")]
    [InlineData("")]
    public async Task A_redirect_to_anything_but_http_and_https_is_refused(string location) =>
        await RefusesAsync(new Uri(_server.Redirect("/away", location)), "which is no http or https URL");

    [Theory]
    [InlineData(204)]
    [InlineData(304)]
    [InlineData(404)]
    [InlineData(500)]
    public async Task What_is_not_200_is_no_answer(int status) => await RefusesAsync(
        new Uri(_server.Serve("/status", http =>
        {
            http.Response.StatusCode = status;
            return Task.CompletedTask;
        })),
        $"HTTP {status}");

    [Fact]
    public async Task An_answer_that_breaks_off_and_a_server_that_is_not_there_are_said()
    {
        var url = new Uri(_server.Serve("/half", async http =>
        {
            http.Response.ContentLength = 100;
            await http.Response.Body.WriteAsync(new byte[50]);
            await http.Response.Body.FlushAsync();
            http.Abort();
        }));
        await RefusesAsync(url, "127.0.0.1:");
        await RefusesAsync(new Uri("http://127.0.0.1:1/"), "cannot be reached");
    }

    private static Task RefusesAsync(Uri url, string why, int max = 100) =>
        RefusesAsync(() => Transport.GetAsync(url, max, default), why);

    private static async Task RefusesAsync(Func<Task> act, string why)
    {
        var refused = await Assert.ThrowsAsync<StatusClientException>(act);
        Assert.Equal(StatusFault.Network, refused.Fault);
        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
    }
}
