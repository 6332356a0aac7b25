using Certctl.Application.Enrolments;
using Certctl.Application.Scep;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Tests.Fakes;
using Xunit;
using static Certctl.Tests.Application.Scep.EnrolmentHarness;

namespace Certctl.Tests.Application.Scep;

public sealed class GetCertTests
{
    [Fact]
    public async Task The_refusal_takes_its_time_whatever_was_wrong()
    {
        using var harness = new EnrolmentHarness();
        foreach (var named in new[]
        {
            null,
            new IssuerAndSerialNumber(Name("the CA"), new byte[] { 1 }),
            new IssuerAndSerialNumber(Name("another CA"), new byte[] { 1 }),
        })
        {
            foreach (var type in new[] { MessageType.GetCert, MessageType.GetCrl })
            {
                var started = TimeProvider.System.GetTimestamp();
                await AskAsync(harness, type, named);

                // ADR 6; the timer may be a little early.
                Assert.True(
                    harness.Reply is not ScepReply.Failure || TimeProvider.System.GetElapsedTime(started) > TimeSpan.FromMilliseconds(15));
                Assert.Equal(
                    FailureTable.Of(FailureReason.CertificateUnknown).PublicText,
                    Assert.IsType<ScepReply.Failure>(harness.Reply).FailInfoText);
            }
        }

        Assert.All(harness.Journal.Refusals, refusal => Assert.Equal("certificate_unknown", refusal.Reason));
        Assert.Equal(["scep_getcert", "scep_getcrl"], harness.Journal.Refusals.Select(refusal => refusal.Action).Distinct());
    }

    [Fact]
    public async Task A_serial_number_longer_than_any_of_ours_gets_no_CRL()
    {
        using var harness = new EnrolmentHarness();
        harness.Issuer.Crls = new FakeCrlWriter();
        await harness.PublishAsync();
        await AskAsync(harness, MessageType.GetCrl, new IssuerAndSerialNumber(Name("the CA"), new byte[] { 1 }));
        Assert.Equal([0x55], Assert.IsType<ScepReply.CrlSuccess>(harness.Reply).Crl.ToArray());
        await AskAsync(harness, MessageType.GetCrl, new IssuerAndSerialNumber(Name("the CA"), Enumerable.Repeat((byte)1, 21).ToArray()));
        Assert.IsType<ScepReply.Failure>(harness.Reply);
    }

    private static Task<ScepAnswer> AskAsync(EnrolmentHarness harness, MessageType type, IssuerAndSerialNumber? named)
    {
        var head = new ScepRequestHead
        {
            TransactionId = new TransactionId("T-1"),
            TransactionIdTag = 0x13,
            SenderNonce = new byte[16],
            MessageType = type,
            Signer = Signer(),
            DigestOid = "2.16.840.1.101.3.4.2.1",
            CipherOid = "2.16.840.1.101.3.4.1.2",
        };
        return harness.SendAsync(new ScepDecoding.PkiMessage(head, new ScepContent.CertQuery(named)));
    }
}
