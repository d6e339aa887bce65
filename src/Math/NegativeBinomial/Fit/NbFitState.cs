using FitCluster.Math.Models;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>The coordinator's state: its form, and its arrays.</summary>
internal static class NbFitState
{
    /// <summary>The form.</summary>
    public static readonly StateFormat<NbField> Format = new("nb", 1);

    /// <summary>Parameters that are broadcast.</summary>
    public const string Current = "";

    /// <summary>Parameters to go back to if a proposal lowers the ELBO.</summary>
    public const string Kept = "kept";

    /// <summary>Parameters of the best start.</summary>
    public const string Best = "best";

    /// <summary>Bits of the layout.</summary>
    public static readonly StateKey Bits = new("layout_bits");

    /// <summary>Entries that occur.</summary>
    public static readonly StateKey Present = new("layout_present");

    /// <summary>D x entries.</summary>
    public static readonly StateKey Histogram = new("histogram");

    /// <summary>D x G, mixtures: sum over cells of sqrt(u / L).</summary>
    public static readonly StateKey Roots = new("roots");

    /// <summary>See <see cref="NbTables.GroupRows"/>.</summary>
    public static readonly StateKey GroupRows = NbKeys.GroupRows;

    /// <summary>K x G.</summary>
    public static readonly StateKey GroupDirections = NbKeys.GroupDirections;

    /// <summary>K x D.</summary>
    public static readonly StateKey GroupOffsets = NbKeys.GroupOffsets;

    /// <summary>Those of this start's best groups so far.</summary>
    public static readonly StateKey BestGroupDirections = new("best_group_directions");

    /// <summary>Those of this start's best groups so far.</summary>
    public static readonly StateKey BestGroupOffsets = new("best_group_offsets");

    /// <summary>D: cells.</summary>
    public static readonly StateKey Cells = new("cells");

    /// <summary>D x K: E log w that the cells had in the last accepted pass.</summary>
    public static readonly StateKey LogWeights = new("log_weights");

    /// <summary>Of a round of the history: locations that its pass was made with.</summary>
    public static readonly StateKey HistoryFrom = new("history_from");

    /// <summary>Locations after its steps.</summary>
    public static readonly StateKey HistoryTo = new("history_to");

    private static readonly StateKey Location = new("location");
    private static readonly StateKey Factor = new("factor");
    private static readonly StateKey ScalarLocation = new("scalar_location");
    private static readonly StateKey ScalarScale = new("scalar_scale");
    private static readonly StateKey Concentration = new("concentration");

    /// <summary>The parameters of a scope; shared.</summary>
    public static NbParameters Parameters(this StateSet<NbField> state, string scope) => new(
        state[Location.In(scope)], state[Factor.In(scope)], state[ScalarLocation.In(scope)], state[ScalarScale.In(scope)],
        state[Concentration.In(scope)]);

    /// <summary>Sets the parameters of a scope.</summary>
    public static void Put(this StateSet<NbField> state, string scope, NbParameters parameters)
    {
        state[Location.In(scope)] = parameters.Location;
        state[Factor.In(scope)] = parameters.Factor;
        state[ScalarLocation.In(scope)] = parameters.ScalarLocation;
        state[ScalarScale.In(scope)] = parameters.ScalarScale;
        state[Concentration.In(scope)] = parameters.Concentration;
    }

    /// <summary>Whether a scope has parameters.</summary>
    public static bool HasParameters(this StateSet<NbField> state, string scope) => state.Has(Location.In(scope));
}
