using System.Globalization;
using Certctl.Api.Pages.Enrolments;
using Certctl.Api.Rest.Access;
using Certctl.Application.Admin;
using Certctl.Application.Admin.Approvals;
using Certctl.Application.Admin.Certificates;
using Microsoft.AspNetCore.Components;

namespace Certctl.Api.Pages.Overview;

/// <param name="Certificates">Active ones.</param>
internal sealed record OverviewFacts(
    long Certificates, long EndIn7Days, long EndIn30Days, int Pending, IReadOnlyList<RateSlice> Rates, IReadOnlyList<HealthItem> Health);

/// <summary>What an operator looks at first: what is wrong now, what ends soon, what waits, and how enrolments went.</summary>
public sealed partial class OverviewPage
{
    private static readonly (string Name, TimeSpan Width, int Count)[] Spans =
        [("24h", TimeSpan.FromHours(1), 24), ("7d", TimeSpan.FromHours(6), 28), ("30d", TimeSpan.FromDays(1), 30)];

    private OverviewFacts? _facts;
    private string? _loaded;

    // Stays until the page is left: the operator wants to read that the first device has come.
    private bool _guides;

    [SupplyParameterFromQuery(Name = "span")]
    private string? Span { get; set; }

    [Inject]
    private ICertificateInventory Inventory { get; set; } = default!;

    [Inject]
    private IApprovalRepository Approvals { get; set; } = default!;

    [Inject]
    private EnrolmentRates Rates { get; set; } = default!;

    [Inject]
    private HealthReport Health { get; set; } = default!;

    [Inject]
    private PageAccess Access { get; set; } = default!;

    [Inject]
    private TimeProvider Time { get; set; } = default!;

    protected override TimeSpan Interval { get; } = TimeSpan.FromSeconds(60);

    private (string Name, TimeSpan Width, int Count) Shown => Spans.FirstOrDefault(span => span.Name == Span, Spans[0]);

    protected override Task<bool> MayAsync() => Access.MayAsync(ApiPolicy.Auditor);

    protected override Task OnParametersSetAsync() => _loaded is not null && _loaded != Shown.Name ? RefreshAsync() : Task.CompletedTask;

    protected override async Task<bool> LoadAsync()
    {
        _loaded = Shown.Name;
        return Take(await Access.ReadAsync(ApiPolicy.Auditor, ReadAsync, Closed), facts =>
        {
            _facts = facts;
            _guides |= facts.Certificates == 0;
        });
    }

    private async Task<OverviewFacts> ReadAsync(CancellationToken cancellationToken)
    {
        var (now, shown) = (Time.GetUtcNow(), Shown);
        var pending = await Approvals.CountWaitingAsync(cancellationToken);
        return new OverviewFacts(
            await CountAsync(null),
            await CountAsync(now.AddDays(7)),
            await CountAsync(now.AddDays(30)),
            pending,
            await Rates.ReadAsync(EnrolmentEvents.Actions, shown.Width, shown.Count, cancellationToken),
            Health.Items());

        async Task<long> CountAsync(DateTimeOffset? endsBefore)
        {
            var filter = new CertificateFilter { Status = CertificateStatus.Active, ExpiresBefore = endsBefore };
            return (await Inventory.ListAsync(filter, now, before: null, skip: 0, limit: 0, cancellationToken)).Total;
        }
    }

    private string EndingWithin(int days) =>
        $"certificates?status=active&expires_before={Time.GetUtcNow().AddDays(days).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}T00:00:00Z";
}
