using Certctl.Api.Rest.Access;
using Certctl.Api.Rest.Endpoints;
using Certctl.Application.Admin.Profiles;
using Certctl.Application.Enrolments;
using Certctl.Domain.Profiles;
using Microsoft.AspNetCore.Components;

namespace Certctl.Api.Pages.Profiles;

/// <summary>One certificate profile: read, changed after a look at what changes, or made. It is not read again while it is edited.</summary>
public sealed partial class ProfilePage
{
    private const string New = "new";

    private CertificateProfile? _stored;
    private CertificateProfile? _wanted;
    private ProfileForm? _form;
    private IReadOnlyList<ProfileChange>? _changes;
    private IReadOnlyDictionary<string, string[]> _problems = new Dictionary<string, string[]>();
    private string? _problem;
    private bool _isUnknown;
    private bool _isUnavailable;
    private bool _mayEdit;
    private bool _saved;
    private bool _busy;

    [Parameter]
    public string Id { get; set; } = "";

    [Inject]
    private ICertificateProfileRepository Profiles { get; set; } = default!;

    [Inject]
    private PageAccess Access { get; set; } = default!;

    [Inject]
    private NavigationManager Navigation { get; set; } = default!;

    [Inject]
    private TimeProvider Time { get; set; } = default!;

    // No profile has this id: a list stands at its address.
    private bool IsNew => Id == New;

    public static string AddressOf(string id) => $"certificate-profiles/{Uri.EscapeDataString(id)}";

    protected override async Task OnParametersSetAsync()
    {
        _mayEdit = await Access.MayAsync(ApiPolicy.Admin);
        var read = await Access.ReadAsync(
            ApiPolicy.Auditor,
            async cancelled => await Profiles.FindAsync(IsNew ? CertificateProfile.DefaultId : Id, fresh: true, cancelled),
            CancellationToken.None);
        _isUnavailable = read is PageRead<CertificateProfile?>.Unavailable;
        if (read is PageRead<CertificateProfile?>.SignedOut)
            Navigation.NavigateTo(Navigation.Uri, forceLoad: true);
        if (read is not PageRead<CertificateProfile?>.Loaded(var found))
            return;
        (_isUnknown, _stored) = (found is null, IsNew ? null : found);
        if (found is not null)
            _form = ProfileForm.Of(found, IsNew);
    }

    private void Compare()
    {
        (_problem, _saved) = (null, false);
        (_wanted, _problems) = _form!.Read(_stored, Time.GetUtcNow());
        if (_wanted is not null)
            _changes = ProfileForm.ChangesOf(_stored, _wanted);
        else if (_problems.TryGetValue("body", out var problems))
            _problem = string.Join(" ", problems);
    }

    private async Task SaveAsync()
    {
        _busy = true;
        string Change(int version) => ProfileJson.Change(_stored, ProfileJson.From(_wanted!) with { Version = version });
        var sent = await Access.SendAsync(
            ApiPolicy.Admin, caller => new SaveProfileCommand(_wanted!, _stored?.Version ?? 0, Change, caller), CancellationToken.None);
        (_busy, _problem) = (false, Outcomes.ProblemOf(sent));
        if (_problem is not null)
        {
            // What was typed stays: the operator looks at the stored one in another window, or loads the page again.
            _changes = null;
            return;
        }

        (_changes, _saved) = (null, true);
        if (IsNew)
            Navigation.NavigateTo(AddressOf(_wanted!.Id));
        else
            await OnParametersSetAsync();
    }
}
