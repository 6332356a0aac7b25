using Certctl.Api.Pages.Elements;
using Certctl.Api.Rest.Access;
using Certctl.Application.Admin;
using Certctl.Application.Admin.Certificates;
using Certctl.Application.Admin.Jobs;
using Certctl.Domain.Certificates;
using Microsoft.AspNetCore.Components;

namespace Certctl.Api.Pages.Certificates;

/// <summary>
/// Revokes many certificates: counts them first, then a job does it, which goes on without the page. The job is a part of the address.
/// </summary>
public sealed partial class BulkRevocationPage
{
    private string _profileId = "";
    private string _issuerId = "";
    private string _pathId = "";
    private string _source = "";
    private string _note = "";
    private RevocationReason _reason = RevocationReason.CessationOfOperation;
    private RevocationJob? _counted;
    private RevocationJob? _job;
    private string? _problem;
    private bool _busy;
    private bool? _may;

    [SupplyParameterFromQuery(Name = "job")]
    private Guid? Job { get; set; }

    [Inject]
    private IJobStore Jobs { get; set; } = default!;

    [Inject]
    private PageAccess Access { get; set; } = default!;

    [Inject]
    private NavigationManager Navigation { get; set; } = default!;

    protected override TimeSpan Interval { get; } = TimeSpan.FromSeconds(2);

    protected override async Task OnInitializedAsync() => _may = await Access.MayAsync(ApiPolicy.Admin);

    protected override Task<bool> MayAsync() => Access.MayAsync(ApiPolicy.Admin);

    protected override async Task OnParametersSetAsync()
    {
        if (Job != _job?.Id)
            _job = null;
        if (Job is not null && UpdatedAt is not null)
            await RefreshAsync();
    }

    protected override async Task<bool> LoadAsync()
    {
        if (Job is not { } id || _job is { EndedAt: not null })
            return true;
        return Take(await Access.ReadAsync(ApiPolicy.Admin, cancelled => Jobs.FindAsync(id, cancelled), Closed), found => _job = found);
    }

    // What was counted holds for what was asked.
    private void Forget() => _counted = null;

    private async Task CountAsync() => _counted = await SendAsync(caller => Command(dryRun: true, caller));

    private async Task StartAsync()
    {
        if (await SendAsync(caller => Command(dryRun: false, caller)) is { } job)
            Navigation.NavigateTo($"certificates/revoke?job={job.Id}");
    }

    private async Task CancelAsync()
    {
        if (await SendAsync(caller => new CancelJobCommand(_job!.Id, caller)) is { } job)
            _job = job;
    }

    private async Task<RevocationJob?> SendAsync(Func<AdminCaller, AdminCommand> command)
    {
        (_busy, _problem) = (true, null);
        var sent = await Access.SendAsync(ApiPolicy.Admin, command, CancellationToken.None);
        _busy = false;
        _problem = Outcomes.ProblemOf(sent);
        return sent is PageRead<AdminOutcome>.Loaded(AdminOutcome.OfJob(var job)) ? job : null;
    }

    private RevokeManyCommand Command(bool dryRun, AdminCaller caller) => new(
        new RevocationCriteria(
            new CertificateFilter
            {
                ProfileId = Given(_profileId),
                IssuerId = Given(_issuerId),
                PathId = Given(_pathId) is { } path ? Rest.Http.ScepPathId.Of(path) : null,
                Source = Given(_source),
            },
            null),
        _reason, dryRun, _note.Trim(), caller);

    private static string? Given(string text) => text.Trim() is { Length: > 0 } given ? given : null;

    private static Tone ToneOf(JobState state) => state switch
    {
        JobState.Done => Tone.Good,
        JobState.Failed => Tone.Bad,
        _ => Tone.Warn,
    };
}
