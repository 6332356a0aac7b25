using System.Security.Cryptography;
using Certctl.Application.Issuers;
using Certctl.Domain.Certificates;
using Certctl.Tests.Fakes;
using Certctl.Tests.Infrastructure.Issuers.LocalCa;
using Certctl.Tests.Infrastructure.Publication.Ocsp;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Certctl.Tests.Application.Publication.Ocsp;

public sealed class OcspResponderTests : IDisposable
{
    private static readonly byte[] TryLater = [0x30, 0x03, 0x0A, 0x01, 0x03];

    private readonly FakeTimeProvider _clock = new(TestCa.Now);
    private readonly OcspBench _bench;
    private readonly string _serial;

    public OcspResponderTests()
    {
        _bench = new OcspBench(clock: _clock);
        _serial = _bench.Issue("0a");
    }

    public void Dispose() => _bench.Dispose();

    [Fact]
    [Trait("Conformance", "O-4")]
    public async Task A_request_that_cannot_be_read_is_malformedRequest_in_five_octets()
    {
        var reply = await _bench.AskAsync("no request"u8.ToArray());
        Assert.Equal("30030A0101", Convert.ToHexString(reply.Der));
        Assert.Null(reply.Validity);
        Assert.Equal(0, _bench.Store.EpochReads + _bench.Store.LookUps);
    }

    [Fact]
    [Trait("Conformance", "O-25")]
    public async Task A_signed_answer_is_used_again_after_a_look_at_the_epoch()
    {
        var first = await _bench.AskAsync(_serial);
        _clock.Advance(TimeSpan.FromMinutes(30));
        Assert.Same(first.Der, (await _bench.AskAsync(_serial)).Der);
        Assert.Equal((2, 1), (_bench.Store.EpochReads, _bench.Store.LookUps));

        // Less than half of its life is left.
        _clock.Advance(TimeSpan.FromSeconds(1));
        var second = await _bench.AskAsync(_serial);
        Assert.NotSame(first.Der, second.Der);
        Assert.Equal(_clock.GetUtcNow(), second.Validity!.ThisUpdate);
    }

    [Fact]
    [Trait("Conformance", "O-25")]
    public async Task Every_revocation_and_release_drops_what_was_signed_before()
    {
        Assert.Equal("good", ParsedResponse.StatusOf(await _bench.AskAsync(_serial)));
        _bench.Store.Revoke(_serial, TestCa.Now, RevocationReason.CertificateHold);
        Assert.Equal("revoked", ParsedResponse.StatusOf(await _bench.AskAsync(_serial)));
        _bench.Store.Release(_serial);
        Assert.Equal("good", ParsedResponse.StatusOf(await _bench.AskAsync(_serial)));
    }

    [Fact]
    [Trait("Conformance", "O-25")]
    public async Task An_answer_that_was_signed_while_its_certificate_was_revoked_is_not_used_again()
    {
        _bench.Store.After = read =>
        {
            if (read == "standing")
            {
                _bench.Store.After = _ => Task.CompletedTask;
                _bench.Store.Revoke(_serial, TestCa.Now);
            }

            return Task.CompletedTask;
        };

        // Asked before the revocation.
        Assert.Equal("good", ParsedResponse.StatusOf(await _bench.AskAsync(_serial)));
        Assert.Equal("revoked", ParsedResponse.StatusOf(await _bench.AskAsync(_serial)));
    }

    [Fact]
    public async Task What_is_unknown_is_looked_up_each_time_since_it_may_be_issued_the_next_moment()
    {
        var reply = await _bench.AskAsync("0b");
        Assert.Equal("unknown", ParsedResponse.StatusOf(reply));
        Assert.Null(reply.Validity);
        _bench.Issue("0b");
        Assert.Equal("good", ParsedResponse.StatusOf(await _bench.AskAsync("0b")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Conformance", "O-25")]
    [Trait("Conformance", "O-4")]
    public async Task A_database_that_fails_is_tryLater_and_never_good_even_with_an_answer_at_hand(bool isCached)
    {
        if (isCached)
            await _bench.AskAsync(_serial);
        Exception[] faults = [FakeRevocations.Outage, new TimeoutException("too late"), new OperationCanceledException()];
        foreach (var fault in faults)
        {
            _bench.Store.Fault = fault;
            Assert.Equal(TryLater, (await _bench.AskAsync(_serial)).Der);
            Assert.Equal(TryLater, (await _bench.AskAsync(WithNonce())).Der);
        }

        Assert.Equal(6, _bench.Log.Lines.Count(line => line.StartsWith("Error: OCSP answered tryLater", StringComparison.Ordinal)));
        _bench.Store.Fault = null;
        Assert.Equal("good", ParsedResponse.StatusOf(await _bench.AskAsync(_serial)));
    }

    [Fact]
    [Trait("Conformance", "O-4")]
    public async Task A_fault_of_the_responder_itself_is_internalError()
    {
        using var broken = new OcspBench(clock: _clock, issuer: new BrokenCa(TestCa.Issuer(_bench.Ca)));
        broken.Issue("0a");
        Assert.Equal("30030A0102", Convert.ToHexString((await broken.AskAsync("0a")).Der));
        Assert.Contains(broken.Log.Lines, line => line.StartsWith("Error: OCSP answered internalError", StringComparison.Ordinal)
            && line.Contains("the key is gone", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_client_that_is_gone_is_no_outage()
    {
        using var gone = new CancellationTokenSource();
        _bench.Store.Before = _ => gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _bench.AskAsync(_serial, gone.Token));
        Assert.Empty(_bench.Log.Lines);
    }

    // The process is stopped (SIGSTOP) where it is worst: after a read that said "good", before the answer.
    [Theory]
    [InlineData("epoch", true, false)]
    [InlineData("epoch", false, false)]
    [InlineData("standing", false, false)]
    [InlineData("standing", false, true)]
    [Trait("Conformance", "O-25")]
    public async Task A_process_that_was_stopped_after_its_read_reads_again(string after, bool isCached, bool hasNonce)
    {
        if (isCached)
            Assert.Equal("good", ParsedResponse.StatusOf(await _bench.AskAsync(_serial)));
        _bench.Store.After = read =>
        {
            if (read == after)
            {
                _bench.Store.After = _ => Task.CompletedTask;
                _bench.Store.Revoke(_serial, TestCa.Now);
                _clock.Advance(TimeSpan.FromSeconds(1.1));
            }

            return Task.CompletedTask;
        };
        Assert.Equal(
            "revoked", ParsedResponse.StatusOf(await (hasNonce ? _bench.AskAsync(WithNonce()) : _bench.AskAsync(_serial))));
    }

    [Fact]
    [Trait("Conformance", "O-25")]
    public async Task A_database_that_is_too_slow_for_a_timely_answer_is_tryLater()
    {
        _bench.Store.After = _ =>
        {
            _clock.Advance(TimeSpan.FromSeconds(1.1));
            return Task.CompletedTask;
        };
        Assert.Equal(TryLater, (await _bench.AskAsync(_serial)).Der);

        // Once it was looked up and signed; after that a look at the epoch was too slow already.
        Assert.Equal((3, 1), (_bench.Store.EpochReads, _bench.Store.LookUps));
        Assert.Equal(TryLater, (await _bench.AskAsync(WithNonce())).Der);
        Assert.Equal(4, _bench.Store.LookUps);
    }

    // The responder of another process over the same database takes part; so do answers that are signed while the revocation happens.
    [Fact]
    [Trait("Conformance", "O-25")]
    public async Task A_thousand_raced_revocations_never_yield_good_after_they_were_acknowledged()
    {
        using var bench = new OcspBench(_bench.Ca);
        var goods = 0;
        for (var round = 1; round <= 1000; round++)
        {
            var serial = bench.Issue(round.ToString("x", System.Globalization.CultureInfo.InvariantCulture));
            using var revoked = new ManualResetEventSlim();
            var asking = Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
            {
                for (var after = 0; after < 2;)
                {
                    var isRevoked = revoked.IsSet;
                    var status = ParsedResponse.StatusOf(await bench.AskAsync(serial));
                    if (isRevoked)
                        Assert.Equal("revoked", status);
                    else if (status == "good")
                        Interlocked.Increment(ref goods);
                    after += isRevoked ? 1 : 0;
                }
            })).ToList();
            asking.Add(Task.Run(async () =>
            {
                await bench.AskAsync(serial);
                bench.Store.Revoke(serial, bench.Clock.GetUtcNow());
                revoked.Set();
            }));
            await Task.WhenAll(asking);
        }

        Assert.True(goods >= 1000, "the race was over before it began");
        Assert.Empty(bench.Log.Lines);
    }

    [Fact]
    public async Task An_answer_is_never_valid_longer_than_its_responder()
    {
        var ca = TestCa.Root(notAfter: TestCa.Now.AddMinutes(10));
        using var bench = new OcspBench(ca, _clock);
        bench.Issue("0a");
        var reply = await bench.AskAsync("0a");
        Assert.Equal(TestCa.Now.AddMinutes(10), reply.Validity!.NextUpdate);
    }

    private byte[] WithNonce() =>
        OcspRequestReaderTests.WithNonce(_bench.Codec.Ask(_bench.Issuer, _serial).Entries[0].Der.ToArray(), new byte[16]);

    private sealed class BrokenCa(ICertificateIssuer issuer) : FakeStatusIssuer((IPublishesStatus)issuer)
    {
        public override byte[] CertifyResponder(
            ReadOnlySpan<byte> subjectPublicKeyInfo, DateTimeOffset notBefore, DateTimeOffset notAfter) =>
            throw new CryptographicException("the key is gone");
    }
}
