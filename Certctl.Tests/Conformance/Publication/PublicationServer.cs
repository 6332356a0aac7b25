using System.Collections.Concurrent;
using System.Net;
using Certctl.Api.Hosting.Http;
using Certctl.Api.Publication;
using Certctl.Application.Issuers;
using Certctl.Application.Publication;
using Certctl.Application.Publication.Ocsp;
using Certctl.Domain.Certificates;
using Certctl.Infrastructure.Publication;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.Issuers.LocalCa;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Certctl.Tests.Conformance.Publication;

/// <summary>
/// The endpoints of publication in the pipeline of the server, over real sockets, with CRLs and OCSP answers that the test hands in. Two
/// listeners: the plain one, and one that stands for the main port and has a control plane to protect.
/// </summary>
public sealed class PublicationServer : IAsyncLifetime
{
    internal const string Secret = "of the control plane";

    private readonly ConcurrentDictionary<string, PublishedCrl> _crls = new();
    private WebApplication? _app;

    /// <summary>A CA below a root; <c>iss-local</c> and <c>iss-local-0123456789abcdef</c>.</summary>
    internal PublishingIssuer Ca { get; } = new(TestCa.Issuer(TestCa.Sub(TestCa.Root())), "0123456789abcdef0123456789abcdef01234567");

    /// <summary>The CA that follows; it may not sign CRLs.</summary>
    internal PublishingIssuer Next { get; } =
        new(TestCa.Issuer(TestCa.Root("p-384")), "fedcba9876543210fedcba9876543210fedcba98") { SignsCrls = false };

    internal FakeTimeProvider Clock { get; } = new(TestCa.Now);

    /// <summary>OCSP requests, or serial numbers, as the responder got them.</summary>
    internal ConcurrentQueue<object> Asked { get; } = new();

    /// <summary>What the responder says.</summary>
    internal OcspReply Reply { get; set; } = new([0x30, 0x03, 0x0A, 0x01, 0x06], null);

    internal PublishedCrl? Crl
    {
        get => _crls.GetValueOrDefault(Ca.KeyId);
        set
        {
            if (value is null)
                _crls.TryRemove(Ca.KeyId, out _);
            else
                _crls[Ca.KeyId] = value;
        }
    }

    internal int OcspPerMinute { get; init; }

    internal int MaxPlainConnections { get; init; } = 100;

    /// <summary>0: any number.</summary>
    internal int MaxPlainConnectionsOfOne { get; init; }

    internal long OutdatedRoom { get; init; } = OutdatedFiles.DefaultRoom;

    /// <summary>Issuers whose OCSP requests did not reach the responder.</summary>
    internal ConcurrentQueue<IPublishesStatus> Limited { get; } = new();

    /// <summary>What becomes of a request that comes before there is a CRL.</summary>
    internal Func<Task<PublishedCrl?>> FirstCrl { get; set; } = () => Task.FromResult<PublishedCrl?>(null);

    internal Uri Main { get; private set; } = null!;

    internal Uri Plain { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.AllowHostHeaderOverride = true;
            kestrel.Limits.MaxRequestLineSize = HttpLimits.RequestLine;
            kestrel.Limits.MaxRequestHeadersTotalSize = HttpLimits.Headers;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UsePublicationOnly(MaxPlainConnectionsOfOne, MaxPlainConnections));
        });
        builder.Services.AddProblemDetails();
        builder.Services.AddRequestFrame();
        builder.Services.AddSingleton(new PublicationServices(
            new IssuerRegistry(new IssuerGenerations(Ca, Next)),
            (issuer, partition) => _crls.GetValueOrDefault(partition is null ? issuer.KeyId : CrlScope.KeyOf(issuer.KeyId, partition)),
            new OcspAnswers((_, request, _) => Answer(request.ToArray()), (_, serialNumber, _) => Answer(serialNumber), Limited.Enqueue),
            new OcspLimit(OcspPerMinute),
            CertificatesOnly.Write,
            Clock)
        {
            AwaitCrl = (_, _) => FirstCrl(),
            Outdated = new OutdatedFiles(OutdatedRoom),
        });
        _app = builder.Build();
        _app.UseRequestFrame(TimeSpan.FromSeconds(10));
        _app.UsePublicationPort();
        _app.UseHttpManners();
        _app.UseRouting();
        _app.UseAllowHead();
        _app.MapPublication();
        foreach (var path in new[] { "/", "/api/{**rest}", "/scep/{**rest}", "/health", "/metrics", "/.well-known/other" })
            _app.Map(path, () => Secret);
        _app.MapFallback(() => Secret);
        await _app.StartAsync();
        var addresses = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.ToList();
        (Main, Plain) = (new Uri(addresses[0]), new Uri(addresses[1]));
    }

    public async Task DisposeAsync() => await _app!.DisposeAsync();

    /// <summary>A CRL of the CA, made now.</summary>
    internal PublishedCrl NewCrl(long number = 1, int entries = 1, TimeSpan? life = null)
    {
        var next = Clock.GetUtcNow() + (life ?? TimeSpan.FromHours(24));
        var revoked = Enumerable.Range(1, entries)
            .Select(serial => new RevokedCertificate($"{serial:x40}", TestCa.Now, RevocationReason.KeyCompromise)).ToList();
        return new PublishedCrl(
            number, Clock.GetUtcNow(), next, entries, Ca.Crls!.Write(new CrlHeader(number, Clock.GetUtcNow(), next), revoked));
    }

    /// <summary>Both listeners.</summary>
    internal IEnumerable<Uri> Listeners => [Main, Plain];

    internal async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, Uri listener, string path, params (string Name, string Value)[] headers)
    {
        Assert.Contains(listener, Listeners);
        using var request = new HttpRequestMessage(method, new Uri(listener, path));
        foreach (var (name, value) in headers)
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        return await Client.SendAsync(request);
    }

    // No decompression, no redirect: what comes is what is seen.
    internal static readonly HttpClient Client =
        new(new SocketsHttpHandler { AllowAutoRedirect = false }) { Timeout = TimeSpan.FromMinutes(2) };

    private Task<OcspReply> Answer(object asked)
    {
        Asked.Enqueue(asked);
        return Task.FromResult(Reply);
    }
}
