using Certctl.Api.Pages.Elements;
using Certctl.Api.Rest.Access;
using Certctl.Api.Rest.Http;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Routing;

namespace Certctl.Api.Pages.Lists;

/// <summary>A list whose filters are its address. It is read again whenever the address changes.</summary>
public abstract class ListPage : PolledPage
{
    private string _address = "";

    /// <summary>Rows of a page.</summary>
    protected const int Rows = 50;

    [Inject]
    private NavigationManager Navigation { get; set; } = default!;

    [Inject]
    private protected PageAccess Access { get; set; } = default!;

    /// <summary>Relative to the root of the pages.</summary>
    protected abstract string Path { get; }

    /// <summary>The filters that the address may have.</summary>
    private protected abstract IReadOnlyList<QueryField> Fields { get; }

    private protected IQueryCollection Query { get; private set; } = new QueryCollection();

    private protected IReadOnlyDictionary<string, string> Problems { get; private set; } = new Dictionary<string, string>();

    protected override TimeSpan Interval { get; } = TimeSpan.FromSeconds(60);

    protected override Task<bool> MayAsync() => Access.MayAsync(ApiPolicy.Auditor);

    protected override void OnInitialized()
    {
        ReadAddress();
        Navigation.LocationChanged += ChangedAsync;
    }

    /// <summary>Reads the rows that the address names.</summary>
    protected abstract Task<bool> LoadListAsync();

    protected override Task<bool> LoadAsync() => Problems.Count > 0 ? Task.FromResult(false) : LoadListAsync();

    protected override void OnClose() => Navigation.LocationChanged -= ChangedAsync;

    private void ReadAddress()
    {
        _address = Navigation.Uri;
        Query = ListAddress.QueryOf(_address);
        Problems = ListAddress.ProblemsOf(Query, Fields);
    }

    private void ChangedAsync(object? sender, LocationChangedEventArgs changed)
    {
        // On the way to another page this one is still here.
        if (new Uri(changed.Location).AbsolutePath != new Uri(_address).AbsolutePath)
            return;
        ReadAddress();
        _ = PollAsync();
    }
}
