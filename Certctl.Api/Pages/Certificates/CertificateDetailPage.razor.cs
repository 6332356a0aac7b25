using Certctl.Api.Rest.Access;
using Certctl.Application.Admin.Certificates;
using Certctl.Application.Issuers;
using Certctl.Domain.Certificates;
using Microsoft.AspNetCore.Components;
using MudBlazor;

namespace Certctl.Api.Pages.Certificates;

/// <summary>One certificate: what is in it, and its end before its time.</summary>
public sealed partial class CertificateDetailPage
{
    private IssuedCertificate? _certificate;
    private DecodedCertificate? _decoded;
    private DateTimeOffset _now;
    private bool _isUnknown;
    private bool _mayRevoke;

    /// <summary>In any form that a serial number is written in.</summary>
    [Parameter]
    public string Serial { get; set; } = "";

    [Inject]
    private ICertificateInventory Inventory { get; set; } = default!;

    [Inject]
    private IssuerRegistry Issuers { get; set; } = default!;

    [Inject]
    private IDialogService Dialogs { get; set; } = default!;

    [Inject]
    private PageAccess Access { get; set; } = default!;

    [Inject]
    private TimeProvider Time { get; set; } = default!;

    protected override TimeSpan Interval { get; } = TimeSpan.FromSeconds(60);

    private bool IsOnHold => _certificate?.RevocationReason == RevocationReason.CertificateHold;

    /// <summary>Relative to the root of the pages.</summary>
    public static string AddressOf(string serialNumber) => $"certificates/{serialNumber}";

    protected override async Task OnInitializedAsync() => _mayRevoke = await Access.MayAsync(ApiPolicy.Operator);

    protected override Task<bool> MayAsync() => Access.MayAsync(ApiPolicy.Auditor);

    protected override async Task<bool> LoadAsync() => Take(await Access.ReadAsync(ApiPolicy.Auditor, FindAsync, Closed), Show);

    private async Task<IssuedCertificate?> FindAsync(CancellationToken cancellationToken) =>
        SerialNumberText.Read(Serial) is { } serial
            ? await Inventory.FindAsync(
                await Inventory.IssuerOfAsync(serial, Issuers, cancellationToken), serial, cancellationToken)
            : null;

    private void Show(IssuedCertificate? found)
    {
        (_certificate, _isUnknown, _now) = (found, found is null, Time.GetUtcNow());
        if (found is not null)
            _decoded ??= DecodedCertificate.Of(found.Der, Issuers.ChainOf(found));
    }

    private Task RevokeAsync() => AskAsync<RevokeDialog>(Texts.RevokeTitle);

    private Task ReleaseAsync() => AskAsync<ReleaseDialog>(Texts.ReleaseTitle);

    private async Task AskAsync<TDialog>(string title)
        where TDialog : RevocationDialog
    {
        var parameters = new DialogParameters<TDialog> { { dialog => dialog.Certificate, _certificate! } };
        var options = new DialogOptions { CloseOnEscapeKey = true, BackdropClick = false };
        var dialog = await Dialogs.ShowAsync<TDialog>(title, parameters, options);
        if (await dialog.Result is { Canceled: false })
            await RefreshAsync();
    }
}
