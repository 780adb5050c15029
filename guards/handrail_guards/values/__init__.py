"""Values as documents write them: amounts, dates, percentages, identifiers, with every way to read them."""
