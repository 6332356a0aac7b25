using System.Globalization;
using System.Text;
using Certctl.Api.Rest.Access;
using Certctl.Api.Rest.Endpoints.Protocols;
using Certctl.Domain.Audit;
using Microsoft.AspNetCore.Components;

namespace Certctl.Api.Pages.Scep;

internal enum ScepTab
{
    Profiles,
    Intune,
    Activity,
}

/// <summary>How SCEP profiles run. Which tab and which profile are parts of the address.</summary>
public sealed partial class ScepAdminPage
{
    private const int MaxIntuneEvents = 50;
    private const int MaxEvents = 100;

    private static readonly CompositeFormat ProfileCount = CompositeFormat.Parse(Texts.ProfileCount);

    private static readonly TimeSpan EventsAge = TimeSpan.FromSeconds(60);

    private IReadOnlyList<ScepProfileRow>? _rows;
    private IReadOnlyList<AuditEvent>? _intune;
    private IReadOnlyList<AuditEvent>? _activity;
    private DateTimeOffset _eventsAt;
    private ActivityKind _kind;
    private ScepTab? _loaded;
    private bool? _may;

    [SupplyParameterFromQuery(Name = "tab")]
    private string? Tab { get; set; }

    [SupplyParameterFromQuery(Name = "profile")]
    private string? Profile { get; set; }

    [Inject]
    private TimeProvider Time { get; set; } = default!;

    protected override TimeSpan Interval { get; } = TimeSpan.FromSeconds(30);

    private ScepTab Shown => Tab switch
    {
        "intune" => ScepTab.Intune,
        "activity" => ScepTab.Activity,
        _ => ScepTab.Profiles,
    };

    private string Subtitle => _rows switch
    {
        null => "",
        [_] => Texts.ProfileCountOne,
        _ => string.Format(CultureInfo.InvariantCulture, ProfileCount, _rows.Count),
    };

    protected override async Task OnInitializedAsync() => _may = await Access.MayAsync(ApiPolicy.Admin);

    protected override async Task OnParametersSetAsync()
    {
        // The first time is PolledPage's; here another tab was chosen.
        if (_loaded is { } tab && tab != Shown)
        {
            _eventsAt = default;
            await RefreshAsync();
        }
    }

    protected override Task<bool> MayAsync() => Access.MayAsync(ApiPolicy.Admin);

    protected override async Task<bool> LoadAsync()
    {
        _loaded = Shown;
        return Take(await Access.ReadAsync(ApiPolicy.Admin, Report.ProfilesAsync, Closed), read => _rows = read.Rows)
            && await LoadEventsAsync();
    }

    private async Task<bool> LoadEventsAsync()
    {
        if (Shown == ScepTab.Profiles || Time.GetUtcNow() - _eventsAt < EventsAge)
            return true;
        var (kind, limit) = Shown == ScepTab.Intune ? (ActivityKind.Intune, MaxIntuneEvents) : (_kind, MaxEvents);
        var read = await Access.ReadAsync(
            ApiPolicy.Auditor, cancelled => Activity.NewestAsync(Audit, kind, limit, cancelled), Closed);
        if (!Take(read, Use))
            return false;
        _eventsAt = Time.GetUtcNow();
        return true;
    }

    private void Use(IReadOnlyList<AuditEvent> events)
    {
        if (_loaded == ScepTab.Intune)
            _intune = events;
        else
            _activity = events;
    }

    private Task ShowAsync(ActivityKind kind)
    {
        (_kind, _activity, _eventsAt) = (kind, null, default);
        return RefreshAsync();
    }

    private string? Current(ScepTab tab) => tab == Shown ? "page" : null;
}
