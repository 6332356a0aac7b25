using Certctl.Application.Est;
using Certctl.Application.Est.Access;
using Certctl.Domain.Enrolments;
using Certctl.Tests.Application.Scep;
using Xunit;
using static Certctl.Tests.Application.Est.EstClients;

namespace Certctl.Tests.Application.Est;

/// <summary>A request that is sent again, and the budget of who sends it.</summary>
public sealed class EstRepeatTests
{
    private static readonly EstClient Client = new(Origin) { PasswordId = "current", UserName = "fleet" };

    [Fact]
    [Trait("Conformance", "E-E5")]
    public async Task A_repeated_request_gets_its_answer_where_the_budget_is_spent()
    {
        using var harness = new EnrolmentHarness(Rules());
        var (atOnce, waiting) = (Basic(harness), Basic(harness, needsApproval: true));

        // One waits, and another one of the same device takes the budget of the day.
        Assert.IsType<EnrolmentOutcome.Pending>(await SendAsync(waiting, [1]));
        var issued = Issued(await SendAsync(atOnce, [2]));
        Assert.Equal(issued.SerialNumber, Issued(await SendAsync(atOnce, [2])).SerialNumber);
        Assert.IsType<EnrolmentOutcome.Pending>(await SendAsync(waiting, [1]));
        var spent = Refused(await SendAsync(atOnce, [3]));
        Assert.Equal((FailureReason.RateLimited, EnrolmentHarness.Now.AddDays(1)), (spent.Reason, spent.AllowedFrom));

        // The budget counts when the one that waited is issued, and leaves it to be asked for later.
        Approve(harness);
        Assert.Equal(FailureReason.RateLimited, Refused(await SendAsync(waiting, [1])).Reason);
        harness.Clock.Advance(TimeSpan.FromDays(1));
        Issued(await SendAsync(waiting, [1]));

        Task<EnrolmentOutcome> SendAsync(EstProfile profile, byte[] key) =>
            harness.SendAsync(profile, EnrolmentKind.SimpleEnroll, Client, Request(key));
    }

    [Theory]
    [InlineData("device-1", "CN=a-{{csr.cn}}")]
    [InlineData("", "CN=from-a-san")]
    public async Task What_was_approved_counts_for_the_one_who_asked_whatever_names_are_granted(string name, string template)
    {
        using var harness = new EnrolmentHarness(Rules(subjectTemplate: template));
        var waiting = Basic(harness, needsApproval: true);
        Assert.IsType<EnrolmentOutcome.Pending>(await SendAsync(waiting, [1], "a.example"));
        Approve(harness);
        Issued(await SendAsync(waiting, [1], "a.example"));

        Assert.Equal(FailureReason.RateLimited, Refused(await SendAsync(Basic(harness), [2], "a.example")).Reason);
        Assert.Equal(name.Length == 0, await SendAsync(Basic(harness), [3], "b.example") is EnrolmentOutcome.Issued);

        Task<EnrolmentOutcome> SendAsync(EstProfile profile, byte[] key, string dns) =>
            harness.SendAsync(profile, EnrolmentKind.SimpleEnroll, Client, Request(key, name, dns));
    }

    [Fact]
    [Trait("Conformance", "E-E6")]
    public void What_a_request_asks_for_identifies_it_in_any_order_and_no_two_lists_are_taken_for_one()
    {
        var (a, b) = ("a.example", "b.example");
        Assert.Equal(Of(a, b), Of(b, a, b));
        Assert.Equal(4, new[] { Of(a, b), Of(a), Of(a + "\nDNS:" + b), Of() }.Distinct().Count());

        static TransactionId Of(params string[] names) =>
            EstCommand.Transaction(Request([1], "x", names), EnrolmentKind.SimpleEnroll, Client);
    }

    private static EstProfile Basic(EnrolmentHarness harness, bool needsApproval = false) =>
        Endpoint(harness, EstAuthModes.Basic, new BasicProof(1) { NeedsApproval = needsApproval });

    private static void Approve(EnrolmentHarness harness) => harness.Journal.Decide(
        harness.Journal.Enrolments.Values.Single(stored => stored.Enrolment.State == EnrolmentState.Pending).Enrolment
            .Decided(true, "olga", harness.Clock.GetUtcNow()));
}
