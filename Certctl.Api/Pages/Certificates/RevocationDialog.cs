using Certctl.Api.Rest.Access;
using Certctl.Application.Admin;
using Certctl.Domain.Certificates;
using Microsoft.AspNetCore.Components;
using MudBlazor;

namespace Certctl.Api.Pages.Certificates;

/// <summary>Asks before a certificate's state changes. It stays open with the reason where the change is refused.</summary>
public abstract class RevocationDialog : ComponentBase
{
    [Parameter]
    public IssuedCertificate Certificate { get; set; } = default!;

    [CascadingParameter]
    private protected IMudDialogInstance Dialog { get; set; } = default!;

    [Inject]
    private PageAccess Access { get; set; } = default!;

    private protected string? Problem { get; private set; }

    private protected bool IsBusy { get; private set; }

    private protected string Note { get; set; } = "";

    private protected abstract AdminCommand Command(AdminCaller caller);

    private protected async Task SendAsync()
    {
        (IsBusy, Problem) = (true, null);

        // The operator has said so: a page that is closed meanwhile does not undo it.
        var sent = await Access.SendAsync(ApiPolicy.Operator, Command, CancellationToken.None);
        IsBusy = false;
        Problem = Outcomes.ProblemOf(sent);
        if (Problem is null)
            Dialog.Close();
    }
}
