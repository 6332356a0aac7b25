using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Application.Issuers;
using Certctl.Application.Publication;
using Certctl.Application.Publication.Ocsp;
using Certctl.Domain.Audit;
using Certctl.Tests.Fakes;
using Certctl.Tests.Infrastructure.Issuers.LocalCa;
using Certctl.Tests.Infrastructure.Publication.Ocsp;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Certctl.Tests.Application.Publication.Ocsp;

public sealed class ResponderKeysTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly FakeTimeProvider _clock = new(TestCa.Now);
    private readonly Ca _ca = new((IPublishesStatus)TestCa.Issuer(TestCa.Root()));
    private readonly OcspBench _bench;

    public ResponderKeysTests() => _bench = new OcspBench(clock: _clock, issuer: _ca);

    public void Dispose() => _bench.Dispose();

    [Fact]
    [Trait("Conformance", "O-13")]
    public async Task A_responder_lives_thirty_days_and_its_beginning_is_in_the_audit_trail()
    {
        await _bench.Keys.PrepareAsync(CancellationToken.None);
        var made = await CurrentAsync();
        Assert.Equal((TestCa.Now.AddMinutes(-5), TestCa.Now.AddDays(30)), (made.NotBefore, made.NotAfter));
        var written = Assert.Single(_bench.Events);
        Assert.Equal(
            ("ocsp_responder_renewed", AuditOutcome.Done, made.SerialNumber, "valid until 2026-12-25T12:00:00Z"),
            (written.Action, written.Outcome, written.SerialNumber, written.Detail));
        Assert.Equal(("issuer", IssuerNames.Of(_ca)), (written.ResourceType, written.ResourceId));
        Assert.Equal("CN=OCSP responder of Test Root, O=Certctl", written.Subject);

        await _bench.Keys.PrepareAsync(CancellationToken.None);
        Assert.Same(made, await CurrentAsync());
        Assert.Equal(1, _ca.Certified);
    }

    [Fact]
    [Trait("Conformance", "O-12")]
    public async Task The_CA_that_follows_has_a_responder_of_its_own_before_it_is_asked()
    {
        var (current, next) = (TestCa.Issuer(TestCa.Root()), TestCa.Issuer(TestCa.Root("rsa", "CN=Next,O=Certctl")));
        using var bench = new OcspBench(clock: _clock, issuer: current, next: next);
        await bench.Keys.PrepareAsync(CancellationToken.None);
        Assert.Equal(
            ["CN=OCSP responder of Next, O=Certctl", "CN=OCSP responder of Test Root, O=Certctl"],
            bench.Events.Select(written => written.Subject).Order(StringComparer.Ordinal));

        var serial = bench.Issue("0a");
        Assert.Equal("good", ParsedResponse.StatusOf(await bench.AskAsync(serial)));
        var response = new ParsedResponse((await bench.Responder.AnswerAsync(next, serial, CancellationToken.None)).Der);
        Assert.Equal("unknown", Assert.Single(response.Entries).Status);
        using var responder = X509CertificateLoader.LoadCertificate(response.Certificates);
        Assert.Equal(next.Name.Der.ToArray(), responder.IssuerName.RawData);
        Assert.Equal(2, bench.Events.Count);
    }

    [Fact]
    public async Task With_a_third_of_its_life_left_it_is_renewed_beside_the_requests()
    {
        var old = await CurrentAsync();
        _clock.Advance(TimeSpan.FromHours(478));
        Assert.Same(old, await CurrentAsync());
        await _bench.Keys.PrepareAsync(CancellationToken.None);
        Assert.Equal(1, _ca.Certified);

        // The CA takes its time; requests go on with the old one.
        var gate = _ca.Gate = new ManualResetEventSlim();
        _clock.Advance(TimeSpan.FromHours(4));
        for (var request = 0; request < 10; request++)
            Assert.Same(old, await CurrentAsync());
        gate.Set();
        await UntilAsync(async () => await CurrentAsync() != old);
        Assert.Equal(2, _ca.Certified);
        Assert.Equal(_clock.GetUtcNow().AddDays(30), (await CurrentAsync()).NotAfter);
    }

    [Fact]
    public async Task A_renewal_that_fails_leaves_the_old_one_in_use_says_why_and_is_tried_again()
    {
        var old = await CurrentAsync();
        _ca.Fault = new CryptographicException("the token was pulled out");
        _clock.Advance(TimeSpan.FromDays(21));
        await _bench.Keys.PrepareAsync(CancellationToken.None);
        await _bench.Keys.PrepareAsync(CancellationToken.None);
        Assert.Same(old, await CurrentAsync());
        var line = Assert.Single(_bench.KeysLog.Lines, line => line.StartsWith("Error: ", StringComparison.Ordinal));
        Assert.StartsWith(
            "Error: The OCSP responder could not be renewed; the old one is used until 2026-12-25", line, StringComparison.Ordinal);
        Assert.Contains("the token was pulled out", line, StringComparison.Ordinal);

        _ca.Fault = null;
        _clock.Advance(TimeSpan.FromMinutes(10));
        await _bench.Keys.PrepareAsync(CancellationToken.None);
        Assert.NotSame(old, await CurrentAsync());
    }

    [Fact]
    public async Task Once_the_old_one_has_ended_there_is_no_answer_but_an_error()
    {
        var old = await CurrentAsync();
        _ca.Fault = new CryptographicException("the token was pulled out");
        _clock.Advance(TimeSpan.FromDays(30));
        await Assert.ThrowsAsync<CryptographicException>(CurrentAsync);
        _ca.Fault = null;

        // A failure a moment ago speaks for now.
        await Assert.ThrowsAsync<CryptographicException>(CurrentAsync);
        _clock.Advance(TimeSpan.FromSeconds(10));
        Assert.NotSame(old, await CurrentAsync());
    }

    [Fact]
    public async Task A_responder_that_the_audit_trail_does_not_know_signs_nothing()
    {
        _bench.AuditWrites = () => Task.FromException(FakeRevocations.Outage);
        _bench.Issue("0a");
        Assert.Equal("30030A0103", Convert.ToHexString((await _bench.AskAsync("0a")).Der));
        _bench.AuditWrites = () => Task.CompletedTask;
        _clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal("good", ParsedResponse.StatusOf(await _bench.AskAsync("0a")));
    }

    [Fact]
    public async Task The_first_requests_share_one_responder()
    {
        var responders = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(CurrentAsync)));
        Assert.Single(responders.Distinct());
        Assert.Equal(1, _ca.Certified);
    }

    [Fact]
    public async Task Callers_that_look_at_the_moment_of_a_renewal_get_the_one_that_was_made()
    {
        for (var round = 1; round <= 100; round++)
        {
            _clock.Advance(TimeSpan.FromDays(31));
            using var start = new Barrier(8);
            var responders = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Factory.StartNew(
                () =>
                {
                    start.SignalAndWait();
                    return CurrentAsync();
                },
                CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap()));
            Assert.Single(responders.Distinct());
            Assert.Equal(round, _ca.Certified);
        }
    }

    [Fact]
    public async Task A_CA_that_is_not_valid_yet_has_no_responder_and_gets_one_by_the_time_of_the_database()
    {
        var ca = new Ca(TestCa.Issuer(TestCa.Root(notBefore: TestCa.Now.AddDays(2))));
        var (database, process) = (new FakeTimeProvider(TestCa.Now), new FakeTimeProvider(TestCa.Now.AddDays(3)));
        using var bench = new OcspBench(clock: process, issuer: ca, database: database);
        await bench.Keys.PrepareAsync(CancellationToken.None);
        Assert.Empty(bench.KeysLog.Lines);
        var early = await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await bench.Keys.CurrentAsync(ca, TestCa.Now, CancellationToken.None));
        Assert.Contains("The CA is not valid before", early.Message, StringComparison.Ordinal);
        Assert.Equal(0, ca.Certified);

        process.Advance(TimeSpan.FromMinutes(1));
        database.Advance(TimeSpan.FromDays(2));
        await bench.Keys.PrepareAsync(CancellationToken.None);
        var made = await bench.Keys.CurrentAsync(ca, database.GetUtcNow(), CancellationToken.None);
        Assert.Equal((TestCa.Now.AddDays(2), TestCa.Now.AddDays(32)), (made.NotBefore, made.NotAfter));
        Assert.Equal(database.GetUtcNow(), Assert.Single(bench.Events).Timestamp);

        // A third of its life is left by the process's clock alone.
        process.Advance(TimeSpan.FromDays(25));
        await bench.Keys.PrepareAsync(CancellationToken.None);
        Assert.Equal(1, ca.Certified);
    }

    [Fact]
    public async Task It_ends_with_its_CA_and_is_then_not_renewed_again_and_again()
    {
        var ca = new Ca(TestCa.Issuer(TestCa.Root(notAfter: TestCa.Now.AddDays(5))));
        using var bench = new OcspBench(clock: _clock, issuer: ca);
        await bench.Keys.PrepareAsync(CancellationToken.None);
        _clock.Advance(TimeSpan.FromHours(118));
        await bench.Keys.PrepareAsync(CancellationToken.None);
        Assert.Equal(ca.NotAfter, (await bench.Keys.CurrentAsync(ca, _clock.GetUtcNow(), CancellationToken.None)).NotAfter);
        Assert.Equal(1, ca.Certified);

        // Minutes after the end of the CA a certificate that begins before it could still be made.
        _clock.Advance(TimeSpan.FromMinutes(121));
        bench.Issue("0a");
        Assert.Equal("30030A0102", Convert.ToHexString((await bench.AskAsync("0a")).Der));
    }

    private Task<IOcspSigner> CurrentAsync() =>
        _bench.Keys.CurrentAsync(_ca, _clock.GetUtcNow(), CancellationToken.None).AsTask().WaitAsync(Patience);

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Patience);
            await Task.Delay(5);
        }
    }

    private sealed class Ca(IPublishesStatus real) : FakeStatusIssuer(real)
    {
        private int _certified;

        public int Certified => Volatile.Read(ref _certified);

        public Exception? Fault { get; set; }

        public ManualResetEventSlim? Gate { get; set; }

        public override byte[] CertifyResponder(
            ReadOnlySpan<byte> subjectPublicKeyInfo, DateTimeOffset notBefore, DateTimeOffset notAfter)
        {
            Gate?.Wait(Patience);
            if (Fault is { } fault)
                throw fault;
            Interlocked.Increment(ref _certified);
            return base.CertifyResponder(subjectPublicKeyInfo, notBefore, notAfter);
        }
    }
}
