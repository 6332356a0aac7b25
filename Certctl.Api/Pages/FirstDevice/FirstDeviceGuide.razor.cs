using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Api.Configuration;
using Certctl.Api.Pages.Enrolments;
using Certctl.Api.Rest.Access;
using Certctl.Api.Scep;
using Certctl.Application.Enrolments.Trail;
using Certctl.Application.Scep;
using Certctl.Domain.Audit;
using Microsoft.AspNetCore.Components;

namespace Certctl.Api.Pages.FirstDevice;

/// <summary>Walks through the enrolment of a first device, and waits for it.</summary>
public sealed partial class FirstDeviceGuide
{
    private DeviceKind _kind = DeviceKind.CommandLine;
    private string? _path;
    private AuditEvent? _newest;

    /// <summary>A device has its certificate.</summary>
    [Parameter]
    public EventCallback Issued { get; set; }

    [Inject]
    private ScepProfileTable Profiles { get; set; } = default!;

    [Inject]
    private IAuditRepository Audit { get; set; } = default!;

    [Inject]
    private PageAccess Access { get; set; } = default!;

    [Inject]
    private NavigationManager Navigation { get; set; } = default!;

    // An operator who has just typed the command sits before the page.
    protected override TimeSpan Interval { get; } = TimeSpan.FromSeconds(5);

    private List<string> Paths => [.. Profiles.All.Keys.Order(StringComparer.Ordinal)];

    // Without SCEP there is nothing to show.
    private DeviceTarget? Target
    {
        get
        {
            _path ??= Paths.FirstOrDefault();
            if (_path is null || !Profiles.All.TryGetValue(_path, out var profile))
                return null;
            var ca = profile.Policy.Issuer.Chain[0].Span;
            return new DeviceTarget(
                new Uri(Navigation.BaseUri).GetLeftPart(UriPartial.Authority) + ScepEndpoints.PathOf(_path),
                Convert.ToHexStringLower(SHA256.HashData(ca)),
                X509CertificateLoader.LoadCertificate(ca).Thumbprint,
                EndpointNaming.Scep.PrefixOf(_path) + "CHALLENGE_PASSWORD");
        }
    }

    protected override Task<bool> MayAsync() => Access.MayAsync(ApiPolicy.Auditor);

    protected override async Task<bool> LoadAsync()
    {
        var read = await Access.ReadAsync(
            ApiPolicy.Auditor,
            cancelled => EnrolmentEvents.PageAsync(Audit, new AuditFilter(), EnrolmentEvents.Actions, before: null, limit: 1, cancelled),
            Closed);
        var before = _newest?.Id;
        var isRead = Take(read, page => _newest = page.Events is [var newest, ..] ? newest : null);
        if (_newest is { Outcome: AuditOutcome.Issued } issued && issued.Id != before)
            await Issued.InvokeAsync();
        return isRead;
    }
}
