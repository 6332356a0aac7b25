using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.EstClient;
using Certctl.Infrastructure.ScepClient;
using Certctl.Tests.Infrastructure.ScepClient;
using Xunit;

namespace Certctl.Tests.Infrastructure.EstClient;

/// <summary>Which servers the client talks to, and when it says its password.</summary>
public sealed class EstTransportTests : IAsyncLifetime
{
    private readonly TlsTrust _roots = new TlsTrust.Roots([FakePki.Ca]);
    private readonly List<string> _notes = [];
    private FakeEstServer _server = null!;

    public async Task InitializeAsync() => _server = await FakeEstServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Theory]
    [InlineData("https://host:8443", "https://host:8443/.well-known/est")]
    [InlineData("https://host/.well-known/est/", "https://host/.well-known/est")]
    [InlineData("https://host/.well-known/est-mtls/devices", "https://host/.well-known/est-mtls/devices")]
    [InlineData("http://host", null)]
    [InlineData("https://user:secret@host", null)]
    [InlineData("https://host/est", null)]
    [InlineData("https://host/.well-known/est/simpleenroll", null)]
    [InlineData("https://host/?a=b", null)]
    [InlineData("host", null)]
    public void A_URL_is_https_with_a_path_of_EST(string text, string? url)
    {
        if (url is not null)
        {
            Assert.Equal(url, EstUrl.Parse(text).Text);
            return;
        }

        var refusal = Assert.Throws<EstClientException>(() => EstUrl.Parse(text));
        Assert.Equal(EstFault.Usage, refusal.Fault);
        Assert.DoesNotContain("secret", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pinned", "127.0.0.1", true, null)]
    [InlineData("pinned", "192.0.2.1", true, "does not chain to the CA with the given fingerprint, or is not for this host name")]
    [InlineData("pinned", "127.0.0.1", false, "does not chain to the CA with the given fingerprint")]
    [InlineData("roots", "127.0.0.1", true, null)]
    [InlineData("roots", "127.0.0.1", false, "TLS connection")]
    [InlineData("pinned and roots", "127.0.0.1", true, null)]
    public async Task A_fingerprint_alone_says_which_TLS_server_is_trusted_after_the_first_question(
        string trust, string address, bool isOfCa, string? why)
    {
        using var tls = isOfCa
            ? FakeEstServer.TlsCertificate(address)
            : FakeEstServer.TlsCertificate(address, FakePki.StrangerKey, FakePki.Stranger);
        await using var server = await FakeEstServer.StartAsync(tls);
        var fingerprint = trust.StartsWith("pinned", StringComparison.Ordinal) ? CaFingerprint.Parse(FakePki.Ca.Sha256Fingerprint()) : null;
        var first = new EstFirstTrust(trust.EndsWith("roots", StringComparison.Ordinal) ? _roots : null, fingerprint);

        async Task<EstAnswer> AskAsync()
        {
            using var session = await OpenAsync(server, first, new EstCredentials("user", () => "secret"));
            Assert.Equal(fingerprint is not null, session.Trust.IsPinned);
            return await PostAsync(session);
        }

        if (why is null)
        {
            Assert.Equal(200, (await AskAsync()).Status);
            return;
        }

        var trouble = await Assert.ThrowsAsync<EstClientException>(AskAsync);
        Assert.Equal(EstFault.Network, trouble.Fault);
        Assert.Contains(why, trouble.Message, StringComparison.Ordinal);
        Assert.Empty(server.Posts);
    }

    [Fact]
    public async Task A_pinned_intermediate_CA_vouches_for_what_is_below_it_and_nothing_else()
    {
        using var below = FakePki.Make("CN=Sub CA", FakePki.DeviceKey, FakePki.Ca, FakePki.CaKey, X509KeyUsageFlags.KeyCertSign,
            isCa: true);
        using var tls = FakeEstServer.TlsCertificate("127.0.0.1", FakePki.DeviceKey, below);
        await using var server = await FakeEstServer.StartAsync(tls);
        server.Cas = [FakePki.Ca, below];
        _server.Cas = server.Cas;
        var first = new EstFirstTrust(null, CaFingerprint.Parse(below.Sha256Fingerprint()));

        using var session = await OpenAsync(server, first);
        Assert.Equal(200, (await PostAsync(session)).Status);

        // Its TLS certificate comes from the root above.
        using var other = await OpenAsync(_server, first);
        await Assert.ThrowsAsync<EstClientException>(() => PostAsync(other));
    }

    [Fact]
    public async Task A_fingerprint_that_no_certificate_has_ends_before_anything_is_said()
    {
        var first = new EstFirstTrust(_roots, CaFingerprint.Parse(FakePki.Stranger.Sha256Fingerprint()));

        var trouble = await Assert.ThrowsAsync<EstClientException>(() => OpenAsync(_server, first));

        Assert.Equal((EstFault.Untrusted, EstStage.CaCerts), (trouble.Fault, trouble.Stage));
        Assert.Contains(FakePki.Ca.Sha256Fingerprint(), trouble.Message, StringComparison.Ordinal);
        Assert.Empty(_server.Posts);
    }

    [Fact]
    public async Task The_password_follows_a_401_and_is_asked_for_no_earlier()
    {
        var asked = 0;
        using var session = await OpenAsync(_server, new EstFirstTrust(_roots, null), new EstCredentials("us\u00e9r", () =>
        {
            asked++;
            return "s\u00e9cret";
        }));
        Assert.Equal(200, (await PostAsync(session)).Status);
        Assert.Equal(0, asked);

        _server.Password = "us\u00e9r:s\u00e9cret";
        Assert.Equal(200, (await PostAsync(session)).Status);
        Assert.Equal(200, (await PostAsync(session)).Status);

        // RFC 7617 §2.2: once the server has asked at this address, it need not ask again.
        Assert.Equal([false, false, true, true], _server.Posts.Select(seen => seen.Authorization is not null));
        Assert.All(_server.Seen.Except(_server.Posts), seen => Assert.Null(seen.Authorization));
        Assert.Equal("application/pkcs10", _server.Posts.First().ContentType);
    }

    [Theory]
    [InlineData(307, "same", 200)]
    [InlineData(308, "same", 200)]
    [InlineData(302, "same", null)]
    [InlineData(307, "https://127.0.0.1:1/.well-known/est/simpleenroll", null)]
    [InlineData(307, "http://127.0.0.1/.well-known/est/simpleenroll", null)]
    [InlineData(307, "loop", null)]
    public async Task A_redirect_is_followed_on_the_same_host_and_port_alone(int status, string target, int? end)
    {
        _server.Password = "user:secret";
        _server.Instead = (http, seen) =>
        {
            if (seen.Path.EndsWith("/moved/simpleenroll", StringComparison.Ordinal) && target != "loop")
                return FakeEstServer.WriteTextAsync(http, "text/plain", "here");
            http.Response.StatusCode = status;
            http.Response.Headers.Location = target is "same" or "loop" ? "/.well-known/est/moved/simpleenroll" : target;
            return Task.CompletedTask;
        };
        using var session = await OpenAsync(_server, new EstFirstTrust(_roots, null), new EstCredentials("user", () => "secret"));

        if (end is { } wanted)
        {
            Assert.Equal(wanted, (await PostAsync(session)).Status);

            // The new address has to ask for itself.
            Assert.Equal([false, true, false, true], _server.Posts.Select(seen => seen.Authorization is not null));
            return;
        }

        var trouble = await Assert.ThrowsAsync<EstClientException>(() => PostAsync(session));
        Assert.Equal(EstFault.Network, trouble.Fault);
        Assert.Contains("Give the final URL", trouble.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_without_end_is_cut_off()
    {
        _server.Instead = (http, _) => http.Response.Body.WriteAsync(new byte[EstTransport.MaxAnswer + 1]).AsTask();
        using var session = await OpenAsync(_server, new EstFirstTrust(_roots, null));

        var trouble = await Assert.ThrowsAsync<EstClientException>(() => PostAsync(session));

        Assert.Equal(EstFault.Untrusted, trouble.Fault);
    }

    private Task<EstSession> OpenAsync(FakeEstServer server, EstFirstTrust first, EstCredentials? credentials = null) =>
        EstSession.OpenAsync(EstUrl.Parse(server.Url), first, null, credentials, _notes.Add, CancellationToken.None);

    private static Task<EstAnswer> PostAsync(EstSession session) => session.Transport.PostAsync(
        EstStage.Request, "simpleenroll", Csr.Value, "application/pkcs7-mime", CancellationToken.None);

    private static readonly Lazy<byte[]> Csr = new(() => Certctl.Infrastructure.EstClient.Messages.EstRequest.Build(
        new X500DistinguishedName("CN=device"), [], FakePki.DeviceKey, System.Security.Cryptography.HashAlgorithmName.SHA256, null));
}
