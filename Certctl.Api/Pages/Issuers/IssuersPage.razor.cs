using Certctl.Api.Configuration;
using Certctl.Api.Publication;
using Certctl.Api.Rest.Access;
using Certctl.Api.Rest.Endpoints;
using Certctl.Application.Admin.Issuers;
using Certctl.Application.Enrolments.Trail;
using Certctl.Application.Issuers;
using Certctl.Application.Publication;
using Microsoft.AspNetCore.Components;

namespace Certctl.Api.Pages.Issuers;

/// <summary>The CAs that issue, and what they publish.</summary>
public sealed partial class IssuersPage
{
    private readonly Dictionary<string, string?> _tested = [];
    private IReadOnlyList<IssuerView>? _issuers;
    private IReadOnlyList<(string Name, PublishedCrl Crl)> _crls = [];
    private DateTimeOffset _now;
    private bool _mayTest;
    private bool _busy;

    [Inject]
    private IssuerRegistry Registry { get; set; } = default!;

    [Inject]
    private CertctlOptions Options { get; set; } = default!;

    [Inject]
    private PublicationBase Publication { get; set; } = default!;

    [Inject]
    private IAuditRepository Audit { get; set; } = default!;

    [Inject]
    private CrlPublisher Publisher { get; set; } = default!;

    [Inject]
    private TimeProvider Time { get; set; } = default!;

    [Inject]
    private PageAccess Access { get; set; } = default!;

    protected override TimeSpan Interval { get; } = TimeSpan.FromSeconds(30);

    protected override async Task OnInitializedAsync() => _mayTest = await Access.MayAsync(ApiPolicy.Operator);

    protected override Task<bool> MayAsync() => Access.MayAsync(ApiPolicy.Auditor);

    protected override async Task<bool> LoadAsync()
    {
        _now = Time.GetUtcNow();
        _crls = [.. Publisher.Held.OrderBy(held => held.Name, StringComparer.Ordinal)];
        return Take(await Access.ReadAsync(ApiPolicy.Auditor, ViewsAsync, Closed), views => _issuers = views);
    }

    private async Task<IReadOnlyList<IssuerView>> ViewsAsync(CancellationToken cancellationToken)
    {
        List<IssuerView> views = [];
        foreach (var issuer in Registry.All)
            views.Add(await IssuerEndpoints.ViewAsync(issuer, Options.Ca, Publication, Audit, Time, cancellationToken));
        return views;
    }

    private async Task TestAsync(string id)
    {
        _busy = true;
        var sent = await Access.SendAsync(ApiPolicy.Operator, caller => new TestIssuerCommand(id, caller), CancellationToken.None);
        (_busy, _tested[id]) = (false, Outcomes.ProblemOf(sent));
        await RefreshAsync();
    }
}
