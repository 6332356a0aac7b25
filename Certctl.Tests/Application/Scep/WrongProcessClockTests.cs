using Certctl.Application.Admin;
using Certctl.Application.Admin.ApiKeys;
using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Scep;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;
using Certctl.Tests.Fakes;
using Microsoft.Extensions.Time.Testing;
using NSubstitute;
using Xunit;
using static Certctl.Tests.Application.Scep.EnrolmentHarness;

namespace Certctl.Tests.Application.Scep;

/// <summary>
/// ADR 30: what is valid, what has ended and what may still be renewed is judged by the database's time, whatever a process's clock says.
/// </summary>
public sealed class WrongProcessClockTests
{
    /// <summary>Hours by which the clock of the process is ahead; behind, below zero.</summary>
    public static TheoryData<int> Shifts => [-72, -3, 0, 3, 72];

    [Theory]
    [MemberData(nameof(Shifts))]
    public async Task A_lost_reply_brings_no_second_certificate(int hours)
    {
        using var harness = new EnrolmentHarness(Minutes(60));
        var first = await IssuedAsync(harness, MessageType.PkcsReq, Signer());
        harness.Process.Ahead = TimeSpan.FromHours(hours);
        harness.Clock.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal(first.SerialNumber, (await IssuedAsync(harness, MessageType.PkcsReq, Signer())).SerialNumber);
        Assert.Single(harness.Journal.Committed);

        // And once it has ended, another one.
        harness.Clock.Advance(TimeSpan.FromMinutes(30));
        Assert.NotEqual(first.SerialNumber, (await IssuedAsync(harness, MessageType.PkcsReq, Signer())).SerialNumber);
    }

    [Theory]
    [MemberData(nameof(Shifts))]
    public async Task A_certificate_begins_and_ends_by_the_databases_time(int hours)
    {
        using var harness = new EnrolmentHarness(Minutes(60), ahead: TimeSpan.FromHours(hours));
        var issued = await IssuedAsync(harness, MessageType.PkcsReq, Signer());
        Assert.Equal((Now.AddMinutes(-5), Now.AddMinutes(55), Now), (issued.NotBefore, issued.NotAfter, issued.CreatedAt));
        Assert.Equal((TimeSpan.FromMinutes(55), Now), (harness.Journal.Committed[0].HeldFor, harness.Journal.Committed[0].Audit.Timestamp));
    }

    [Theory]
    [MemberData(nameof(Shifts))]
    public async Task A_signer_has_ended_when_the_database_says_so(int hours)
    {
        using var harness = new EnrolmentHarness(Minutes(60));
        var first = await IssuedAsync(harness, MessageType.PkcsReq, Signer());
        harness.Process.Ahead = TimeSpan.FromHours(hours);
        var renewed = await IssuedAsync(harness, MessageType.RenewalReq, Signer(of: first), challenge: null);

        harness.Clock.Advance(TimeSpan.FromMinutes(56));
        Assert.IsType<ScepReply.Failure>(
            await harness.SendAsync(MessageType.RenewalReq, Signer(of: first), Request("device-1", challenge: null, keySeed: [3])));
        Assert.Equal("renewal_signer_expired", harness.Journal.Refusals[^1].Reason);
        Assert.NotEqual(first.SerialNumber, renewed.SerialNumber);
    }

    [Theory]
    [MemberData(nameof(Shifts))]
    public async Task The_repetition_of_a_renewal_by_a_superseded_signer_is_answered_as_long_as_its_answer_lasts(int hours)
    {
        using var harness = new EnrolmentHarness(Minutes(30));
        var first = await IssuedAsync(harness, MessageType.PkcsReq, Signer());
        var renewed = await IssuedAsync(harness, MessageType.RenewalReq, Signer(of: first), challenge: null);
        first.Revoke(RevocationReason.Superseded, Now);
        harness.Process.Ahead = TimeSpan.FromHours(hours);

        harness.Clock.Advance(TimeSpan.FromMinutes(20));
        Assert.Equal(
            renewed.SerialNumber, (await IssuedAsync(harness, MessageType.RenewalReq, Signer(of: first), challenge: null)).SerialNumber);
        harness.Clock.Advance(TimeSpan.FromMinutes(10));
        Assert.IsType<ScepReply.Failure>(await harness.SendAsync(MessageType.RenewalReq, Signer(of: first), Request(challenge: null)));
        Assert.Equal("renewal_signer_revoked", harness.Journal.Refusals[^1].Reason);
    }

    [Theory]
    [InlineData(-72)]
    [InlineData(72)]
    public async Task The_end_of_an_API_key_lies_in_the_future_of_the_database(int hours)
    {
        var clock = new FakeTimeProvider(Now);
        var keys = Substitute.For<IApiKeyRepository>();
        keys.AddAsync(default!, default!, default).ReturnsForAnyArgs(true);
        var handler = new CreateApiKeyHandler(
            keys, new DatabaseClock(_ => Task.FromResult(clock.GetUtcNow()), new WrongClock(clock) { Ahead = TimeSpan.FromHours(hours) }));

        Assert.IsType<AdminOutcome.Done>(await handler.Handle(Key(Now.AddMinutes(1)), default));
        Assert.IsType<AdminOutcome.Done>(await handler.Handle(Key(Now.AddDays(366)), default));
        foreach (var end in new[] { Now, Now.AddDays(366).AddSeconds(1) })
            Assert.StartsWith(
                "expires_at: ",
                Assert.Single(Assert.IsType<AdminOutcome.Invalid>(await handler.Handle(Key(end), default)).Problems),
                StringComparison.Ordinal);
        await keys.ReceivedWithAnyArgs(2).AddAsync(default!, default!, default);
    }

    private static CreateApiKeyCommand Key(DateTimeOffset end) =>
        new("0123456789abcdef", new byte[32], "robot", ApiRole.Auditor, end, new AdminCaller("olga", "REST API"));

    private static async Task<IssuedCertificate> IssuedAsync(
        EnrolmentHarness harness, MessageType type, RequestSigner signer, string? challenge = "the current secret")
    {
        var der = Assert.IsType<ScepReply.Success>(await harness.SendAsync(type, signer, Request(challenge: challenge))).Certificate;
        return harness.Journal.Committed.Select(entry => entry.Certificate).OfType<IssuedCertificate>()
            .Single(certificate => certificate.Der.AsSpan().SequenceEqual(der.Span));
    }

    private static CertificateProfile Minutes(int minutes) => new()
    {
        Id = "default",
        Name = "short",
        AllowedKeyAlgorithms = [new(KeyAlgorithm.Ecdsa, 256)],
        AllowedEkus = ["clientAuth"],
        MaxTtlSeconds = minutes * 60,
        AllowShortLived = minutes < 60,
    };
}
