"""What the demo's model and data are, in the words under which they are registered."""

from __future__ import annotations

MODEL = {
    "name": "Credit default within a month",
    "purpose": "Estimates the probability that a credit-card client defaults next month, to help decide on limits.",
    "role": "provider",
    "owner": "Plumbline demo",
    "licence": "Apache-2.0",
    "description": "200 gradient-boosted trees on 19 numeric inputs: the credit limit and six months of payment "
    "status, bills and payments. Sex, age, marriage and education are no inputs. Trained on 21,000 clients.",
}

DATASET = {
    "name": "Credit-card clients, Taiwan 2005, held out",
    "owner": "I-Cheng Yeh",
    "licence": "CC BY 4.0",
    "description": "9,000 clients that the model never saw, of the 30,000 of UCI data set 350 (Yeh & Lien, Expert "
    "Systems with Applications 36(2), 2009). The label is 1 where the client defaulted in October 2005.",
}
