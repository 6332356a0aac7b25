using System.Net;
using System.Text.RegularExpressions;
using Certctl.Tests.Conformance;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Fixtures.Databases;
using Certctl.Tests.Hostile;
using Xunit;

namespace Certctl.Tests.Browser;

/// <summary>Sessions of two processes on one PostgreSQL; by plain HTTP, without a browser.</summary>
public sealed partial class ReplicaSessionTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task Each_process_serves_the_sessions_of_the_other_the_database_alone_opens_none_and_guessing_is_slowed_down()
    {
        var database = await postgres.CreateDatabaseAsync(migrated: true);
        await using var first = await CertctlHost.StartAsync(
            database, ("CERTCTL_API_KEYS_NAMED", $"alice:{PagesServer.Admin}:admin"));
        await using var second = await CertctlHost.StartBesideAsync(
            first, ("CERTCTL_RATE_LIMIT_RPS", "1"), ("CERTCTL_RATE_LIMIT_BURST", "4"));
        using var http = ScepWire.NewClient(first.CaFile);

        var session = await SignInAsync(http, first.Url, PagesServer.Admin);
        using (var request = new HttpRequestMessage(HttpMethod.Get, new Uri(second.Url, "/ui/scep")))
        {
            request.Headers.Add("Cookie", session);
            using var page = await http.SendAsync(request);
            Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        }

        var rows = new RowCounter(database, "");
        Assert.Equal(1, await rows.CountAsync("SELECT count(*) FROM session_keys WHERE xml LIKE '%<sealed%'"));
        Assert.Equal(0, await rows.CountAsync("SELECT count(*) FROM session_keys WHERE xml LIKE '%<masterKey%'"));
        Assert.DoesNotContain("DataProtection", first.Log + second.Log, StringComparison.Ordinal);

        var answers = new List<HttpStatusCode>();
        for (var i = 0; i < 20; i++)
        {
            using var form = new FormUrlEncodedContent(new Dictionary<string, string> { ["key"] = "guess" });
            using var answer = await http.PostAsync(new Uri(second.Url, "/ui/session"), form);
            answers.Add(answer.StatusCode);
        }

        Assert.Contains(HttpStatusCode.TooManyRequests, answers);
    }

    private static async Task<string> SignInAsync(HttpClient http, Uri server, string key)
    {
        using var door = await http.GetAsync(new Uri(server, "/ui/sign-in"));
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server, "/ui/session"))
        {
            Content = new FormUrlEncodedContent(new Dictionary<string, string>
            {
                ["__RequestVerificationToken"] = Token().Match(await door.Content.ReadAsStringAsync()).Groups[1].Value,
                ["key"] = key,
            }),
        };
        request.Headers.Add("Cookie", CookieOf(door));
        using var opened = await http.SendAsync(request);
        Assert.Equal("/ui/", opened.Headers.Location?.OriginalString);
        return CookieOf(opened);
    }

    private static string CookieOf(HttpResponseMessage answer) => answer.Headers.GetValues("Set-Cookie").Last().Split(';')[0];

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"([^\"]+)\"")]
    private static partial Regex Token();
}
